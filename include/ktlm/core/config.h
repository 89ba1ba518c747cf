// Configuration: YAML files in layers, `--set section.key=value` on top, read into plain structs that list their fields
// once. A struct names its fields in
//
//   template <class Visitor> static void visit_fields(Visitor&& v) {
//     v("top_k", &SamplingConfig::top_k, at_least(0), "keeps the k likeliest tokens; 0 keeps all");
//   }
//
// and parsing, printing, help and docs/configs.md all come from that list. Fields are bool, int64_t, double,
// std::string or std::vector<std::string>. yaml-cpp stays behind ConfigTree.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ktlm {

/// What values a field may take.
struct Limit {
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool minimum_excluded = false;
  std::vector<std::string> choices;  // of a string; of an integer words for 0; empty: any

  /// "at least 1", "from 0 to 1", "one of cosine, wsd", "" for no limit.
  std::string to_string() const;
};
inline Limit any_value() { return {}; }
inline Limit at_least(double minimum) { return {.minimum = minimum}; }
inline Limit greater_than(double minimum) { return {.minimum = minimum, .minimum_excluded = true}; }
inline Limit between(double minimum, double maximum) { return {.minimum = minimum, .maximum = maximum}; }
inline Limit one_of(std::vector<std::string> choices) { return {.choices = std::move(choices)}; }

/// A value as written, with its place: "configs/small.yaml:14", "--set train.max_steps=5".
struct ConfigValue {
  std::vector<std::string> scalars;  // one, or the items of a list
  bool is_list = false;
  std::string where;
};

/// The layers of one command line, merged; later layers win key by key.
class ConfigTree {
 public:
  ConfigTree();
  ~ConfigTree();
  ConfigTree(ConfigTree&&) noexcept;
  ConfigTree& operator=(ConfigTree&&) noexcept;

  /// Adds a file on top. Throws ConfigError: missing file, YAML that does not parse, a key that stands twice.
  void add_file(const std::string& path);
  /// Adds "section.key=value". Throws ConfigError where the form is another.
  void add_override(const std::string& assignment);
  /// Throws ConfigError, with the nearest valid name, where a section stands that is not among `sections`.
  void check_sections(const std::vector<std::string>& sections) const;

  bool has_section(std::string_view section) const;
  std::vector<std::string> keys(std::string_view section) const;
  /// Null where the key is not set. Lives as long as the tree.
  const ConfigValue* find(std::string_view section, std::string_view key) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One field of a section, its type erased; made by list_fields.
struct ConfigField {
  std::string name, type, limit, help;
  std::function<std::string()> print;                                          // the struct's value, as YAML
  std::function<void(const ConfigValue&, const std::string& full_key)> parse;  // into the struct; throws ConfigError
};

namespace detail {
void parse_value(const ConfigValue& value, const std::string& key, const Limit& limit, bool& out);
void parse_value(const ConfigValue& value, const std::string& key, const Limit& limit, int64_t& out);
void parse_value(const ConfigValue& value, const std::string& key, const Limit& limit, double& out);
void parse_value(const ConfigValue& value, const std::string& key, const Limit& limit, std::string& out);
void parse_value(const ConfigValue& value, const std::string& key, const Limit& limit, std::vector<std::string>& out);
std::string print_value(bool value);
std::string print_value(int64_t value);
std::string print_value(double value);
std::string print_value(const std::string& value);
std::string print_value(const std::vector<std::string>& value);

template <class T>
constexpr const char* type_name() {
  if constexpr (std::is_same_v<T, bool>)
    return "true or false";
  else if constexpr (std::is_same_v<T, int64_t>)
    return "integer";
  else if constexpr (std::is_same_v<T, double>)
    return "number";
  else if constexpr (std::is_same_v<T, std::string>)
    return "text";
  else
    return "list of texts";
}

void fill_section(const ConfigTree& tree, const std::string& section, const std::vector<ConfigField>& fields);
std::string section_yaml(const std::string& section, const std::vector<ConfigField>& fields);
std::string section_with_origins(const ConfigTree& tree, const std::string& section,
                                 const std::vector<ConfigField>& fields);
}  // namespace detail

/// The fields of `section`, bound to it; `section` must outlive them.
template <class Section>
std::vector<ConfigField> list_fields(Section& section) {
  std::vector<ConfigField> fields;
  Section::visit_fields([&](const char* name, auto member, const Limit& limit, const char* help) {
    using T = std::remove_cvref_t<decltype(section.*member)>;
    fields.push_back({name, detail::type_name<T>(), limit.to_string(), help,
                      [&section, member] { return detail::print_value(section.*member); },
                      [&section, member, limit](const ConfigValue& value, const std::string& key) {
                        detail::parse_value(value, key, limit, section.*member);
                      }});
  });
  return fields;
}

/// The section `name` of the tree over the struct's defaults. Throws ConfigError with file, line and the nearest valid
/// key: unknown key, wrong type, a value outside its limit.
template <class Section>
Section load_section(const ConfigTree& tree, const std::string& name, Section section = {}) {
  detail::fill_section(tree, name, list_fields(section));
  return section;
}

/// "train:\n  max_steps: 1000\n...": reads back to the same struct.
template <class Section>
std::string to_yaml(const std::string& name, Section section) {
  return detail::section_yaml(name, list_fields(section));
}

/// As to_yaml, each line with its origin: "  max_steps: 1000  # configs/small.yaml:14" (or "default").
template <class Section>
std::string to_yaml_with_origins(const ConfigTree& tree, const std::string& name, Section section) {
  return detail::section_with_origins(tree, name, list_fields(section));
}

}  // namespace ktlm
