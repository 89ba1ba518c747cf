#include <CLI/CLI.hpp>

#include "doctor_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, DoctorArguments& arguments) {
  app.add_option("--device", arguments.device, "auto, cpu, cuda or mps")->type_name("NAME")->capture_default_str();
  app.add_option("--config", arguments.config_files,
                 "Configuration to tell size and time of; several may be given, each on its own; without one, those "
                 "that ktlm ships")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_flag("--quick", arguments.quick, "The checks that train makes before it starts, and nothing else");
  app.add_option("--threads", arguments.threads, "Threads on the CPU; 0: all cores")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--json", arguments.json, "Print one JSON object");
}

}  // namespace ktlm::cli
