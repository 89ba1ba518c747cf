#include <CLI/CLI.hpp>

#include "device_options.h"
#include "doctor_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, DoctorArguments& arguments) {
  declare_device(app, arguments.device);
  app.add_option("--config", arguments.config_files,
                 "Configuration to tell size and time of; several may be given, each on its own; without one, those "
                 "that ktlm ships")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_flag("--quick", arguments.quick, "The checks that train makes before it starts, and nothing else");
  declare_threads(app, arguments.threads);
  app.add_flag("--json", arguments.json, "Print one JSON object");
}

}  // namespace ktlm::cli
