// Options from a configuration section's list of fields, so that a field is listed once: top_k becomes --top-k, with
// the section's help, default and limits. For the files that declare options; brings CLI11 with it.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config_sections.h"
#include "ktlm/core/config.h"
#include "ktlm/core/error.h"

namespace ktlm::cli {

/// "top_k" is the option --top-k.
inline std::string option_of(const ConfigField& field) {
  std::string option = "--" + field.name;
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

/// A text as YAML that reads back to it, whatever it holds.
inline std::string as_yaml_text(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

inline std::string as_yaml_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + as_yaml_text(text);
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

/// What a person types for the field: --top-k; of a bool that is on by default --no-near-duplicates, which turns it
/// off.
inline std::string typed_option(const ConfigField& field) {
  const bool turns_off = field.type == "true or false" && field.print() == "true";
  return turns_off ? "--no-" + option_of(field).substr(2) : option_of(field);
}

/// For an option's check(): what a field takes. The field's struct gets the value.
inline CLI::Validator value_check(const ConfigField& field) {
  const auto check = [field](const std::string& text) -> std::string {
    try {
      field.parse({.scalars = {text}, .is_list = false, .where = ""}, "");
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  };
  return {[check](std::string& text) { return check(text); }, ""};
}

/// For the transform() of an option that is short for a setting of a configuration section: the same, and the value as
/// configurations print it, 1000 for 1e3.
template <class Section>
CLI::Validator setting_value(const std::string& name) {
  const auto section = std::make_shared<Section>();
  const auto fields = list_fields(*section);
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.name == name; });
  return {[section, field = *found, check = value_check(*found)](std::string& text) {
            std::string fault = check(text);
            if (fault.empty()) text = field.print();
            return fault;
          },
          ""};
}

/// One option for `field`; `take` gets what the person wrote, checked. A bool is a flag: --strict gives "true"; where
/// that is the default, --no-near-duplicates gives "false". A list is an option that may stand more than once.
inline void declare_field(CLI::App& app, const ConfigField& field, std::function<void(ConfigValue)> take) {
  const std::string option = typed_option(field);
  if (field.type == "true or false") {
    const bool on = field.print() == "true";
    app.add_flag_callback(
        option, [take = std::move(take), on] { take({.scalars = {on ? "false" : "true"}}); },
        (on ? "turns off the default, which " : "") + field.help);
  } else if (field.type == "list of texts") {
    app.add_option_function<std::vector<std::string>>(
           option,
           [take = std::move(take)](const std::vector<std::string>& texts) {
             take({.scalars = texts, .is_list = true});
           },
           field.help)
        ->type_name("TEXT")
        ->allow_extra_args(false);
  } else {
    app.add_option_function<std::string>(
           option, [take = std::move(take)](const std::string& text) { take({.scalars = {text}}); }, field.help)
        ->type_name(value_name(field))
        ->check(value_check(field))
        ->default_str(field.print());
  }
}

/// One option per field of `section`, which must outlive the parse. A bad value is a usage error.
template <class Section>
void declare_fields(CLI::App& app, Section& section) {
  for (const ConfigField& field : list_fields(section))
    declare_field(app, field, [field](const ConfigValue& value) { field.parse(value, field.name); });
}

/// One option per field of a section that configuration files fill too, for --min-chars 5 an override
/// "prepare.min_chars='5'".
template <class Section>
void declare_fields_as_overrides(CLI::App& app, const std::string& section_name,
                                 std::vector<OptionOverride>& overrides) {
  const auto scratch = std::make_shared<Section>();  // what is checked goes there
  for (const ConfigField& field : list_fields(*scratch)) {
    const auto take = [&overrides, scratch, option = typed_option(field),
                       key = section_name + "." + field.name](const ConfigValue& value) {
      const std::string yaml = value.is_list ? as_yaml_list(value.scalars) : as_yaml_text(value.scalars.front());
      overrides.push_back({option, key, yaml});
    };
    declare_field(app, field, take);
  }
}

}  // namespace ktlm::cli
