// ktlm eval: how well a model predicts texts, in bits per byte, whatever its tokenizer; and how many questions with
// choices it answers rightly.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ktlm/eval/scorer.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct EvalArguments {
  std::vector<std::string> files;       // none: the prepared directory's validation part
  std::vector<std::string> model_dirs;  // none: the newest run's
  std::string task;                     // of the files' questions; empty: the files hold texts
  std::vector<std::string> by;          // keys that sort texts into groups; none: "source" where a file has several
  bool answers = false;                 // of dialogues what the assistant says, instead of texts
  int64_t max_documents = 0;            // of each file; 0: all
  std::string engine = "auto", device = "auto", dtype = "auto";
  int64_t batch_size = 8;
  int64_t threads = 0;
  bool json = false;
};

void declare(CLI::App& app, EvalArguments& arguments);

/// A model opened for evaluation.
struct EvalModel {
  std::filesystem::path directory;
  tokenizer::Tokenizer tokenizer;
  std::shared_ptr<void> weights;  // what `scorer` refers to
  std::unique_ptr<eval::Scorer> scorer;
  std::string engine, device, dtype;
};

/// Opens the model of a directory. Throws Error.
using OpenEvalModel = std::function<EvalModel(const std::filesystem::path&)>;

/// Whether ktlm's own engine is meant. Throws ConfigError for engines, devices and dtypes that do not go together.
bool is_for_own_engine(const EvalArguments& arguments);

int run_eval(const EvalArguments& arguments, Console& console, const OpenEvalModel& open);

/// With ktlm's own engine.
int run_eval_on_cpu(const EvalArguments& arguments, Console& console);
/// With libtorch; in the library that links it.
int run_eval_with_torch(const EvalArguments& arguments, Console& console);

}  // namespace ktlm::cli
