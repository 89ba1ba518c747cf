// ktlm chat: a dialogue with a model in the terminal; with lines from a pipe where standard input is one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ktlm/generate/sampling_config.h"
#include "talker.h"

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct ChatArguments {
  std::string model_dir;  // empty: the newest run's
  std::string system;
  std::optional<std::string> resume;  // a file of /save; empty: the last dialogue that was kept
  bool no_history = false;
  generate::SamplingConfig sampling;
  std::string device = "auto", decode_device = "auto", dtype = "auto";
  int64_t threads = 0;
};

void declare(CLI::App& app, ChatArguments& arguments);

int run_chat(const ChatArguments& arguments, Console& console, const OpenTalker& open);

/// With ktlm's own model for the CPU.
int run_chat_on_cpu(const ChatArguments& arguments, Console& console);
/// With libtorch; in the library that links it.
int run_chat_with_torch(const ChatArguments& arguments, Console& console);

}  // namespace ktlm::cli
