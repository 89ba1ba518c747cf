// ktlm prepare: raw files in, a prepared directory out.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct PrepareArguments {
  std::vector<std::string> inputs;
  std::string out_dir = "data/prepared";
  std::vector<std::string> config_files, overrides;
  std::vector<std::string> option_overrides;  // --min-chars 5 as prepare.min_chars=5; on top of `overrides`
  bool json = false;
};

void declare(CLI::App& app, PrepareArguments& arguments);

int run_prepare(const PrepareArguments& arguments, Console& console);

}  // namespace ktlm::cli
