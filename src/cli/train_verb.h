// ktlm train: a prepared corpus and a tokenizer in, a run directory with a trained model out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

constexpr const char* kUsualDataDir = "data/prepared";
constexpr const char* kUsualTokenizerDir = "data/tokenizer";

struct TrainArguments {
  std::vector<std::string> config_files, overrides;
  std::string data_dir, tokenizer_dir;  // empty: the resumed run's, else the usual ones
  std::string init_from;                // empty: train.init_from
  std::string run_dir;                  // empty: runs/<name of the last configuration file>
  bool resume = false;
  std::string device = "auto";
  std::string dtype;               // empty: train.dtype
  std::optional<int64_t> threads;  // none: train.threads
  bool print_config = false, json = false;
  std::vector<std::string> report_runs;  // not empty: no training, their report.html
};

void declare(CLI::App& app, TrainArguments& arguments);

int run_train(const TrainArguments& arguments, Console& console);

/// --report, which needs no libtorch.
int run_train_report(const TrainArguments& arguments, Console& console);

}  // namespace ktlm::cli
