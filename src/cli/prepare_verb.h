// ktlm prepare: raw files in, a prepared directory out.
#pragma once

#include <string>
#include <vector>

#include "config_sections.h"

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct PrepareArguments {
  std::vector<std::string> inputs;
  std::string out_dir = "data/prepared";
  std::vector<std::string> config_files, overrides;
  std::vector<OptionOverride> option_overrides;  // on top of `overrides`
  std::string shard;                             // "3/8"; empty: all of the work
  bool merges = false;
  std::vector<std::string> shard_dirs;  // to merge; empty: those beside out_dir
  bool json = false;
};

void declare(CLI::App& app, PrepareArguments& arguments);

int run_prepare(const PrepareArguments& arguments, Console& console);

}  // namespace ktlm::cli
