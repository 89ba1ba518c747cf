// ktlm export: a trained model in the files of other programs.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct ExportArguments {
  std::string model_dir;
  std::string gguf;  // how weights are kept; empty: not asked for
  std::string onnx;  // "fp32", "fp16" or both, with a comma; empty: not asked for
  std::string out;
  std::string system;  // message that Ollama puts before each dialogue; empty: none
};

void declare(CLI::App& app, ExportArguments& arguments);

int run_export(const ExportArguments& arguments, Console& console);

}  // namespace ktlm::cli
