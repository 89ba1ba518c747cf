#include <CLI/CLI.hpp>
#include <algorithm>

#include "ktlm/core/config.h"
#include "ktlm/corpus/prepare.h"
#include "prepare_verb.h"

namespace ktlm::cli {

namespace {

// An option per field of the section: min_chars becomes --min-chars, which stands for --set prepare.min_chars=...
void declare_section(CLI::App& app, PrepareArguments& arguments) {
  corpus::PrepareConfig defaults;
  for (const ConfigField& field : list_fields(defaults)) {
    std::string option = "--" + field.name;
    std::replace(option.begin(), option.end(), '_', '-');
    const std::string assignment = "prepare." + field.name + "=";
    const auto set = [&arguments, assignment](const std::string& value) {
      arguments.overrides.push_back(assignment + value);
    };
    if (field.type == "true or false") {
      app.add_flag_callback(
          option, [set] { set("true"); }, field.help);
    } else {
      app.add_option_function<std::string>(option, set, field.help)->type_name(field.type)->default_str(field.print());
    }
  }
}

}  // namespace

void declare(CLI::App& app, PrepareArguments& arguments) {
  app.add_option("INPUT", arguments.inputs,
                 "Files and folders; - is standard input. MediaWiki dumps, HTML, JSONL and text, also .bz2, .gz, .zst")
      ->required();
  app.add_option("--out", arguments.out_dir, "Prepared directory to write")->type_name("DIR")->capture_default_str();
  declare_section(app, arguments);
  app.add_option("--config", arguments.config_files, "Configuration file with a section prepare; several layer")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--set", arguments.overrides, "One setting on top of the files, such as prepare.min_chars=50")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  app.add_flag("--json", arguments.json, "Print the result as one JSON object");
}

}  // namespace ktlm::cli
