// ktlm bench: speed of training, prefill or decoding, against what the machine can do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct BenchArguments {
  std::string what;                       // "train", "prefill", "decode"
  std::vector<std::string> config_files;  // none: the values of configs/bench.yaml
  std::vector<std::string> overrides;
  std::string device = "auto";
  std::string dtype;            // empty: train.dtype for training, for the others what `engine` talks with
  std::string engine = "auto";  // of prefill and decode: "own", "libtorch"
  int64_t threads = 0;
  bool json = false;
};

void declare(CLI::App& app, BenchArguments& arguments);

int run_bench(const BenchArguments& arguments, Console& console);

}  // namespace ktlm::cli
