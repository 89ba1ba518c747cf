// ktlm train-tokenizer: a prepared directory in, tokenizer directories and their analysis out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct TrainTokenizerArguments {
  std::string input_dir = "data/prepared", out_dir = "data/tokenizer";
  std::vector<int64_t> vocab_sizes;  // none: tokenizer.vocab_size
  std::vector<std::string> config_files, overrides;
  bool recommend = false, json = false;
};

void declare(CLI::App& app, TrainTokenizerArguments& arguments);

int run_train_tokenizer(const TrainTokenizerArguments& arguments, Console& console);

}  // namespace ktlm::cli
