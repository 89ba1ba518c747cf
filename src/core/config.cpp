#include "ktlm/core/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/text_format.h"

namespace ktlm {

namespace {

std::string with_suggestion(const std::string& word, const std::vector<std::string>& candidates) {
  if (const std::string nearest = nearest_name(word, candidates); !nearest.empty())
    return "; did you mean \"" + nearest + "\"?";
  std::string all;
  for (const std::string& candidate : candidates) all += (all.empty() ? "" : ", ") + candidate;
  return "; valid are " + all;
}

std::string place(const std::string& path, const YAML::Mark& mark) {
  return path + ":" + std::to_string(mark.line + 1);
}

std::string scalar_text(const YAML::Node& node, const std::string& where, const std::string& key) {
  if (node.IsNull()) return "";
  if (!node.IsScalar()) throw ConfigError(where + ": \"" + key + "\" should be a single value or a list of them");
  return node.Scalar();
}

ConfigValue to_value(const YAML::Node& node, const std::string& where, const std::string& key) {
  ConfigValue value;
  value.where = where;
  value.is_list = node.IsSequence();
  if (value.is_list) {
    for (const YAML::Node& item : node) value.scalars.push_back(scalar_text(item, where, key));
  } else {
    value.scalars.push_back(scalar_text(node, where, key));
  }
  return value;
}

// Names the place and the key, each where it is not empty: an option is named by who parses the command line.
[[noreturn]] void throw_bad_value(const ConfigValue& value, const std::string& key, const std::string& expected) {
  std::string got;
  for (const std::string& scalar : value.scalars) got += (got.empty() ? "" : ", ") + scalar;
  if (value.is_list) got = "[" + got + "]";
  const std::string place = value.where.empty() ? "" : value.where + ": ", name = key.empty() ? "" : "\"" + key + "\" ";
  throw ConfigError(place + name + "should be " + expected + ", is \"" + got + "\"");
}

const std::string& single(const ConfigValue& value, const std::string& key, const std::string& expected) {
  if (value.is_list || value.scalars.empty()) throw_bad_value(value, key, expected);
  return value.scalars.front();
}

std::string expected_text(const std::string& type, const Limit& limit) {
  const std::string limits = limit.to_string();
  return limits.empty() ? type : type + ", " + limits;
}

bool within(double value, const Limit& limit) {
  return (limit.minimum_excluded ? value > limit.minimum : value >= limit.minimum) && value <= limit.maximum;
}

// Text as a YAML scalar: quoted where a plain one would read back as something else.
std::string quote(const std::string& text) {
  YAML::Emitter emitter;
  emitter << YAML::DoubleQuoted << text;
  return emitter.c_str();
}

}  // namespace

std::string Limit::to_string() const {
  if (!choices.empty() && std::isfinite(minimum))
    return choices.front() + " or " + Limit{.minimum = minimum, .choices = {}}.to_string();
  if (!choices.empty()) {
    std::string all;
    for (const std::string& choice : choices) all += (all.empty() ? "one of " : ", ") + choice;
    return all;
  }
  const bool has_minimum = std::isfinite(minimum), has_maximum = std::isfinite(maximum);
  if (has_minimum && has_maximum) return "from " + format_double(minimum) + " to " + format_double(maximum);
  if (has_minimum) return (minimum_excluded ? "above " : "at least ") + format_double(minimum);
  if (has_maximum) return "at most " + format_double(maximum);
  return "";
}

struct ConfigTree::Impl {
  // Section, then key; keys keep the order of the file for messages.
  std::map<std::string, std::map<std::string, ConfigValue>, std::less<>> sections;
  std::map<std::string, std::string, std::less<>> section_places;
};

ConfigTree::ConfigTree() : impl_(std::make_unique<Impl>()) {}
ConfigTree::~ConfigTree() = default;
ConfigTree::ConfigTree(ConfigTree&&) noexcept = default;
ConfigTree& ConfigTree::operator=(ConfigTree&&) noexcept = default;

void ConfigTree::add_file(const std::string& path) {
  std::string content;
  try {
    content = read_file(path);
  } catch (const Error& error) {
    throw ConfigError(error.what());
  }
  YAML::Node root;
  try {
    root = YAML::Load(content);
  } catch (const YAML::Exception& error) {
    throw ConfigError(place(path, error.mark) + ": not valid YAML: " + error.msg);
  }
  if (root.IsNull()) return;
  if (!root.IsMap()) throw ConfigError(path + ":1: expected sections such as \"train:\", got another kind of YAML");
  for (const auto& section_node : root) {
    const std::string section = section_node.first.Scalar();
    const std::string section_place = place(path, section_node.first.Mark());
    if (section_node.second.IsNull()) continue;
    if (!section_node.second.IsMap())
      throw ConfigError(section_place + ": section \"" + section + "\" should hold keys such as \"max_steps: 100\"");
    impl_->section_places[section] = section_place;
    std::map<std::string, ConfigValue> in_this_file;
    for (const auto& item : section_node.second) {
      const std::string key = item.first.Scalar();
      const std::string where = place(path, item.first.Mark());
      if (in_this_file.count(key) != 0)
        throw ConfigError(where + ": \"" + section + "." + key + "\" stands twice, first at " +
                          in_this_file[key].where);
      in_this_file[key] = to_value(item.second, where, section + "." + key);
    }
    for (auto& [key, value] : in_this_file) impl_->sections[section][key] = std::move(value);
  }
}

void ConfigTree::add_override(const std::string& assignment) {
  const size_t equals = assignment.find('=');
  const size_t dot = assignment.find('.');
  if (equals == std::string::npos || dot == std::string::npos || dot == 0 || dot + 1 >= equals)
    throw ConfigError("--set " + assignment + ": expected section.key=value, such as train.max_steps=100");
  const std::string section = assignment.substr(0, dot), key = assignment.substr(dot + 1, equals - dot - 1);
  const std::string where = "--set " + assignment;
  YAML::Node node;
  try {
    node = YAML::Load(assignment.substr(equals + 1));
  } catch (const YAML::Exception& error) {
    throw ConfigError(where + ": not a valid YAML value: " + error.msg);
  }
  impl_->section_places.emplace(section, where);
  impl_->sections[section][key] = to_value(node, where, section + "." + key);
}

void ConfigTree::check_sections(const std::vector<std::string>& sections) const {
  for (const auto& [section, where] : impl_->section_places) {
    if (std::find(sections.begin(), sections.end(), section) == sections.end())
      throw ConfigError(where + ": unknown section \"" + section + "\"" + with_suggestion(section, sections));
  }
}

bool ConfigTree::has_section(std::string_view section) const {
  return impl_->sections.find(section) != impl_->sections.end();
}

std::vector<std::string> ConfigTree::keys(std::string_view section) const {
  std::vector<std::string> keys;
  if (const auto found = impl_->sections.find(section); found != impl_->sections.end())
    for (const auto& [key, value] : found->second) keys.push_back(key);
  return keys;
}

const ConfigValue* ConfigTree::find(std::string_view section, std::string_view key) const {
  const auto found = impl_->sections.find(section);
  if (found == impl_->sections.end()) return nullptr;
  const auto value = found->second.find(std::string(key));
  return value == found->second.end() ? nullptr : &value->second;
}

namespace detail {

void parse_value(const ConfigValue& value, const std::string& key, const Limit&, bool& out) {
  const std::string expected = "true or false";
  const std::string& text = single(value, key, expected);
  if (text != "true" && text != "false") throw_bad_value(value, key, expected);
  out = text == "true";
}

void parse_value(const ConfigValue& value, const std::string& key, const Limit& limit, int64_t& out) {
  const std::string expected = expected_text("an integer", limit);
  const auto& words = limit.choices;
  if (std::find(words.begin(), words.end(), single(value, key, expected)) != words.end()) {
    out = 0;
    return;
  }
  double number = 0;
  if (!parse_double(single(value, key, expected), number) || number != std::floor(number) || !within(number, limit))
    throw_bad_value(value, key, expected);
  // From 2^53 on a double skips integers, and no field needs as many.
  if (std::abs(number) >= 0x1p53) throw_bad_value(value, key, expected + ", below 9007199254740992");
  out = static_cast<int64_t>(number);
}

void parse_value(const ConfigValue& value, const std::string& key, const Limit& limit, double& out) {
  const std::string expected = expected_text("a number", limit);
  double number = 0;
  if (!parse_double(single(value, key, expected), number) || !within(number, limit))
    throw_bad_value(value, key, expected);
  out = number;
}

void parse_value(const ConfigValue& value, const std::string& key, const Limit& limit, std::string& out) {
  const std::string expected = limit.choices.empty() ? "text" : limit.to_string();
  const std::string& text = single(value, key, expected);
  if (!limit.choices.empty() && std::find(limit.choices.begin(), limit.choices.end(), text) == limit.choices.end())
    throw_bad_value(value, key, expected);
  out = text;
}

void parse_value(const ConfigValue& value, const std::string& key, const Limit&, std::vector<std::string>& out) {
  if (!value.is_list && value.scalars.size() == 1 && value.scalars.front().empty()) {
    out.clear();
    return;
  }
  if (value.scalars.empty() && !value.is_list) throw_bad_value(value, key, "a list of texts");
  out = value.scalars;
}

std::string print_value(bool value) { return value ? "true" : "false"; }
std::string print_value(int64_t value) { return std::to_string(value); }
std::string print_value(double value) { return format_double(value); }
std::string print_value(const std::string& value) {
  const bool plain = !value.empty() &&
                     value.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789_-./") == std::string::npos &&
                     std::isalpha(static_cast<unsigned char>(value.front())) && value != "null" && value != "true" &&
                     value != "false";
  return plain ? value : quote(value);
}
std::string print_value(const std::vector<std::string>& value) {
  std::string list;
  for (const std::string& item : value) list += (list.empty() ? "" : ", ") + print_value(item);
  return "[" + list + "]";
}

void fill_section(const ConfigTree& tree, const std::string& section, const std::vector<ConfigField>& fields) {
  std::vector<std::string> names;
  for (const ConfigField& field : fields) names.push_back(field.name);
  for (const std::string& key : tree.keys(section)) {
    const ConfigValue& value = *tree.find(section, key);
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const ConfigField& f) { return f.name == key; });
    if (field == fields.end())
      throw ConfigError(value.where + ": unknown key \"" + section + "." + key + "\"" + with_suggestion(key, names));
    field->parse(value, section + "." + key);
  }
}

std::string section_yaml(const std::string& section, const std::vector<ConfigField>& fields) {
  std::string yaml = section + ":\n";
  for (const ConfigField& field : fields) yaml += "  " + field.name + ": " + field.print() + "\n";
  return yaml;
}

std::string section_with_origins(const ConfigTree& tree, const std::string& section,
                                 const std::vector<ConfigField>& fields) {
  std::string yaml = section + ":\n";
  for (const ConfigField& field : fields) {
    const ConfigValue* value = tree.find(section, field.name);
    yaml += "  " + field.name + ": " + field.print() + "  # " + (value == nullptr ? "default" : value->where) + "\n";
  }
  return yaml;
}

}  // namespace detail

}  // namespace ktlm
