// Options from a configuration section's list of fields, so that a field is listed once: top_k becomes --top-k, with
// the section's help, default and limits. For the files that declare options; brings CLI11 with it.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ktlm/core/config.h"
#include "ktlm/core/error.h"

namespace ktlm::cli {

/// "top_k" is the option --top-k.
inline std::string option_of(const ConfigField& field) {
  std::string option = "--" + field.name;
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

/// A list of texts as YAML that reads back to it, whatever they hold.
inline std::string as_yaml_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) {
    list += list.empty() ? "'" : ", '";
    for (const char c : text) list += c == '\'' ? std::string("''") : std::string(1, c);
    list += '\'';
  }
  return "[" + list + "]";
}

/// "text", or "auto|mediawiki|html" where only these are taken.
inline std::string value_name(const ConfigField& field) {
  constexpr std::string_view kOneOf = "one of ";
  if (!field.limit.starts_with(kOneOf)) return field.type;
  std::string choices = field.limit.substr(kOneOf.size());
  for (size_t comma; (comma = choices.find(", ")) != std::string::npos;) choices.replace(comma, 2, "|");
  return choices;
}

/// One option for `field`; `take` gets what the person wrote. A bool is a flag: --strict gives "true"; where that is
/// the default, --no-near-duplicates gives "false". A list is an option that may stand more than once.
inline void declare_field(CLI::App& app, const ConfigField& field, std::function<void(ConfigValue)> take) {
  if (field.type == "true or false") {
    const bool on = field.print() == "true";
    app.add_flag_callback(
        on ? "--no-" + option_of(field).substr(2) : option_of(field),
        [take = std::move(take), on] { take({.scalars = {on ? "false" : "true"}}); },
        (on ? "turns off the default, which " : "") + field.help);
  } else if (field.type == "list of texts") {
    app.add_option_function<std::vector<std::string>>(
           option_of(field),
           [take = std::move(take)](const std::vector<std::string>& texts) {
             take({.scalars = texts, .is_list = true});
           },
           field.help)
        ->type_name("TEXT")
        ->allow_extra_args(false);
  } else {
    app.add_option_function<std::string>(
           option_of(field), [take = std::move(take)](const std::string& text) { take({.scalars = {text}}); },
           field.help)
        ->type_name(value_name(field))
        ->default_str(field.print());
  }
}

/// One option per field of `section`, which must outlive the parse. A bad value is a usage error.
template <class Section>
void declare_fields(CLI::App& app, Section& section) {
  for (const ConfigField& field : list_fields(section)) {
    declare_field(app, field, [field](ConfigValue value) {
      value.where = option_of(field);
      try {
        field.parse(value, field.name);
      } catch (const ConfigError& error) {
        throw CLI::ValidationError(error.what(), CLI::ExitCodes::ValidationError);
      }
    });
  }
}

/// One option per field of a section that configuration files fill too: --min-chars 5 adds "prepare.min_chars=5" to
/// `overrides`. No other option may write there, for CLI11 empties a vector that an option is bound to.
template <class Section>
void declare_fields_as_overrides(CLI::App& app, const std::string& section_name, std::vector<std::string>& overrides) {
  Section defaults;
  for (const ConfigField& field : list_fields(defaults)) {
    declare_field(app, field, [&overrides, key = section_name + "." + field.name](const ConfigValue& value) {
      overrides.push_back(key + "=" + (value.is_list ? as_yaml_list(value.scalars) : value.scalars.front()));
    });
  }
}

}  // namespace ktlm::cli
