// ktlm import: a model in another program's file becomes a model directory.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct ImportArguments {
  std::string file;
  std::string out_dir;
};

void declare(CLI::App& app, ImportArguments& arguments);

int run_import(const ImportArguments& arguments, Console& console);

}  // namespace ktlm::cli
