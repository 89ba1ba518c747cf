// Options from a configuration section's list of fields, so that a field is listed once: top_k becomes --top-k, with
// the section's help, default and limits. For the files that declare options; brings CLI11 with it.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "ktlm/core/config.h"
#include "ktlm/core/error.h"

namespace ktlm::cli {

/// One option per field of `section`, which must outlive the parse. A bad value is a usage error.
template <class Section>
void declare_fields(CLI::App& app, Section& section) {
  for (const ConfigField& field : list_fields(section)) {
    std::string option = "--" + field.name;
    std::replace(option.begin(), option.end(), '_', '-');
    const auto parse = [field, option](const std::string& text) {
      try {
        field.parse({.scalars = {text}, .where = option}, field.name);
      } catch (const ConfigError& error) {
        throw CLI::ValidationError(error.what(), CLI::ExitCodes::ValidationError);
      }
    };
    app.add_option_function<std::string>(option, parse, field.help)->type_name(field.type)->default_str(field.print());
  }
}

}  // namespace ktlm::cli
