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

inline constexpr int64_t kMostSamples = 10'000, kMostLogprobs = 100;

struct GenerateArguments {
  std::string model_dir;  // empty: the newest run's
  std::vector<std::string> prompts, prompt_files, stop_strings;
  std::string regex, json_schema;  // what a text has to match; empty: anything
  generate::SamplingConfig sampling;
  generate::BeamConfig beam;
  int64_t num_samples = 1, batch_size = 8;
  int64_t top_logprobs = -1;  // -1: no log-probabilities
  std::string device = "auto", decode_device = "auto", dtype = "auto";
  int64_t threads = 0;
  bool lines = false, jsonl = false, json = false;
};

void declare(CLI::App& app, GenerateArguments& arguments);

int run_generate(const GenerateArguments& arguments, Console& console, const OpenTalker& open);

/// With ktlm's own model for the CPU.
int run_generate_on_cpu(const GenerateArguments& arguments, Console& console);
/// With libtorch; in the library that links it.
int run_generate_with_torch(const GenerateArguments& arguments, Console& console);

}  // namespace ktlm::cli
