// ktlm eval: how well a model predicts texts, in bits per byte, whatever its tokenizer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct EvalArguments {
  std::vector<std::string> files = {"data/prepared/val.jsonl.zst"};
  std::string model_dir;  // empty: the newest run's
  std::string device = "auto", dtype = "fp32";
  int64_t batch_size = 8;
  int64_t threads = 0;
  bool json = false;
};

void declare(CLI::App& app, EvalArguments& arguments);

int run_eval(const EvalArguments& arguments, Console& console);

}  // namespace ktlm::cli
