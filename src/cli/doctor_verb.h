// ktlm doctor: whether this machine computes rightly, how fast it is, and what can be trained on it in what time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct DoctorArguments {
  std::string device = "auto";
  std::vector<std::string> config_files;  // none: the shipped ones
  bool quick = false;                     // the checks before a training run, nothing else
  int64_t threads = 0;
  bool json = false;
};

void declare(CLI::App& app, DoctorArguments& arguments);

/// 0, or 1 where the device computes wrongly.
int run_doctor(const DoctorArguments& arguments, Console& console);

}  // namespace ktlm::cli
