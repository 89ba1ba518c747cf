// ktlm chat: a dialogue with a model in the terminal; with lines from a pipe where standard input is one.
#pragma once

#include <cstdint>
#include <string>

#include "ktlm/generate/sampling_config.h"

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct ChatArguments {
  std::string model_dir;  // empty: the newest run's
  std::string system;
  generate::SamplingConfig sampling;
  std::string device = "auto", decode_device = "auto", dtype = "fp32";
  int64_t threads = 0;
};

void declare(CLI::App& app, ChatArguments& arguments);

int run_chat(const ChatArguments& arguments, Console& console);

}  // namespace ktlm::cli
