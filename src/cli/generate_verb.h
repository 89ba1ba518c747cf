// ktlm generate: prompts in, their continuations out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ktlm/generate/beam_config.h"
#include "ktlm/generate/sampling_config.h"
#include "talker.h"

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct GenerateArguments {
  std::string model_dir;  // empty: the newest run's
  std::vector<std::string> prompts, prompt_files, stop_strings;
  generate::SamplingConfig sampling;
  generate::BeamConfig beam;
  std::string device = "auto", decode_device = "auto", dtype = "auto";
  int64_t threads = 0;
  bool json = false;
};

void declare(CLI::App& app, GenerateArguments& arguments);

int run_generate(const GenerateArguments& arguments, Console& console, const OpenTalker& open);

/// With ktlm's own model for the CPU.
int run_generate_on_cpu(const GenerateArguments& arguments, Console& console);
/// With libtorch; in the library that links it.
int run_generate_with_torch(const GenerateArguments& arguments, Console& console);

}  // namespace ktlm::cli
