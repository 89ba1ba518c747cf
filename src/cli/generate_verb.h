// ktlm generate: prompts in, their continuations out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ktlm/generate/sampling_config.h"

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct GenerateArguments {
  std::string model_dir;  // empty: the newest run's
  std::vector<std::string> prompts, prompt_files, stop_strings;
  generate::SamplingConfig sampling;
  std::string device = "auto", decode_device = "auto", dtype = "fp32";
  int64_t threads = 0;
  bool json = false;
};

void declare(CLI::App& app, GenerateArguments& arguments);

int run_generate(const GenerateArguments& arguments, Console& console);

}  // namespace ktlm::cli
