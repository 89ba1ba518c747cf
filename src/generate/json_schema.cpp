#include "ktlm/generate/json_schema.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "integer_range.h"
#include "json_forms.h"
#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"

namespace ktlm::generate {

namespace {

// Nothing: no value fits.
using Regex = std::optional<std::string>;

constexpr int kMostNested = 4;            // a $ref inside itself
constexpr int kMostReferences = 10'000;   // followed in all: several that lead to each other multiply
constexpr int kMostLevels = 500;          // of schemas within schemas, by $refs; each takes its share of the stack
constexpr size_t kMostBytes = 1'000'000;  // PCRE2 takes far fewer; a schema that branches into itself makes more

// What a schema demands, and what it says about itself (or holds for a $ref to lead to).
const std::vector<std::string> kDemands = {"type",      "properties", "required", "additionalProperties",
                                           "items",     "enum",       "const",    "anyOf",
                                           "oneOf",     "$ref",       "format",   "minLength",
                                           "maxLength", "minimum",    "maximum",  "minItems",
                                           "maxItems"};
const std::vector<std::string> kRemarks = {"title",   "description", "default",  "examples", "deprecated",
                                           "$schema", "$id",         "$comment", "$defs",    "definitions"};

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_type(const Json& value, const std::string& type) {
  if (type == "integer")
    return value.is_number_integer() || (value.is_number() && std::floor(value.get<double>()) == value.get<double>());
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  return type == value.type_name();  // string, object, array, null
}

class Translator {
 public:
  Translator(const Json& root, const std::string& where, bool is_fast)
      : root_(root), where_(where), is_fast_(is_fast) {}

  Regex value(const Json& schema, const std::string& path) {
    if (num_levels_ == kMostLevels)
      refuse(path, "the schema nests more than " + std::to_string(kMostLevels) + " levels deep");
    ++num_levels_;
    Regex regex = any_value(schema, path);
    --num_levels_;
    if (regex && regex->size() > kMostBytes) refuse(path, "the schema is too large for a regular expression");
    return regex;
  }

  [[noreturn]] void refuse(const std::string& path, const std::string& problem) const {
    throw ConfigError(where_ + ": " + path + ": " + problem);
  }

 private:
  Regex any_value(const Json& schema, const std::string& path) {
    if (schema.is_boolean()) return schema.get<bool>() ? Regex(anything(kAnyLevels)) : std::nullopt;
    if (!schema.is_object()) refuse(path, "a schema should be an object, is " + json_text(schema));
    for (const auto& [key, ignored] : schema.items()) check_keyword(key, path);
    if (schema.contains("$ref")) return reference(schema, path);
    for (const char* key : {"anyOf", "oneOf"})
      if (schema.contains(key)) return branches(schema, key, path);
    const std::vector<std::string> types = types_of(schema, path);
    if (schema.contains("const")) return one_of_values(Json::array({schema["const"]}), types);
    if (schema.contains("enum")) {
      if (!schema["enum"].is_array()) refuse(path, "\"enum\" should be a list");
      return one_of_values(schema["enum"], types);
    }
    if (types.empty()) return anything(kAnyLevels);
    std::vector<std::string> regexes;
    for (const std::string& type : types)
      if (Regex regex = value_of_type(schema, type, path)) regexes.push_back(*regex);
    return regexes.empty() ? Regex() : any_of(regexes);
  }

  void check_keyword(const std::string& key, const std::string& path) const {
    if (contains(kDemands, key) || contains(kRemarks, key)) return;
    const std::string nearest = nearest_name(key, kDemands);
    refuse(path, "keyword \"" + key + "\" is not known" +
                     (nearest.empty() ? "; ktlm generate --help lists those that are"
                                      : "; did you mean \"" + nearest + "\"?"));
  }

  std::vector<std::string> types_of(const Json& schema, const std::string& path) const {
    if (!schema.contains("type")) {
      if (schema.contains("properties")) return {"object"};
      if (schema.contains("items")) return {"array"};
      for (const char* key : {"required", "additionalProperties", "minItems", "maxItems", "format", "minLength",
                              "maxLength", "minimum", "maximum"})
        if (schema.contains(key)) refuse(path, std::string("\"") + key + "\" needs a \"type\" beside it");
      return {};
    }
    std::vector<std::string> types;
    for (const Json& type : schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]})) {
      static const std::vector<std::string> known = {"string", "integer", "number", "boolean",
                                                     "null",   "object",  "array"};
      if (!type.is_string() || !contains(known, type.get<std::string>()))
        refuse(path, "type " + json_text(type) +
                         " is unknown; choose string, integer, number, boolean, null, object or array");
      types.push_back(type);
    }
    return types;
  }

  Regex value_of_type(const Json& schema, const std::string& type, const std::string& path) {
    if (type == "null") return "null";
    if (type == "boolean") return any_of({"true", "false"});
    if (type == "integer") return integer(schema, path);
    if (type == "number") {
      for (const char* key : {"minimum", "maximum"})
        if (schema.contains(key)) refuse(path, std::string("\"") + key + "\" is known for integers alone");
      return kNumber;
    }
    if (type == "string") return string(schema, path);
    return type == "array" ? array(schema, path) : object(schema, path);
  }

  // A whole number of at least 0, or nothing where the key is not there.
  std::optional<int64_t> count(const Json& schema, const char* key, const std::string& path) const {
    if (!schema.contains(key)) return std::nullopt;
    if (!schema[key].is_number_integer() || schema[key].get<int64_t>() < 0)
      refuse(path, std::string("\"") + key + "\" should be an integer, at least 0, is " + json_text(schema[key]));
    return schema[key].get<int64_t>();
  }

  Regex integer(const Json& schema, const std::string& path) const {
    const auto limit = [&](const char* key, double otherwise) {
      if (!schema.contains(key)) return otherwise;
      if (!schema[key].is_number()) refuse(path, std::string("\"") + key + "\" should be a number");
      return schema[key].get<double>();
    };
    constexpr double kMost = 999'999'999'999'999;  // each such number is a double
    const double low = std::ceil(limit("minimum", -kMost)), high = std::floor(limit("maximum", kMost));
    if (low < -kMost || high > kMost) refuse(path, "limits of integers may have 15 digits at most");
    if (low > high) return std::nullopt;
    return integer_range_regex(static_cast<int64_t>(low), static_cast<int64_t>(high));
  }

  Regex string(const Json& schema, const std::string& path) const {
    if (schema.contains("format")) {
      static const std::map<std::string, std::string> formats = {
          {"date", kDate},
          {"time", kTime},
          {"date-time", kDate + std::string("T") + kTime},
          {"uuid", "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"}};
      const auto format = schema["format"].is_string() ? formats.find(schema["format"]) : formats.end();
      if (format == formats.end())
        refuse(path, "format " + json_text(schema["format"]) + " is unknown; choose date, time, date-time or uuid");
      if (schema.contains("minLength") || schema.contains("maxLength"))
        refuse(path, "\"format\" and a length can't both be held");
      return "\"" + format->second + "\"";
    }
    const int64_t least = count(schema, "minLength", path).value_or(0);
    const std::optional<int64_t> most = count(schema, "maxLength", path);
    if (most && *most < least) return std::nullopt;
    return string_of_length(least, most);
  }

  Regex array(const Json& schema, const std::string& path) {
    const int64_t least = count(schema, "minItems", path).value_or(0);
    const std::optional<int64_t> most = count(schema, "maxItems", path);
    if (most && *most < least) return std::nullopt;
    const Regex item = schema.contains("items") ? value(schema["items"], path + "/items") : anything(kAnyLevels - 1);
    if (!item) return least == 0 ? Regex("\\[\\]") : std::nullopt;
    return "\\[" + repeated(*item, least, most, "\\[") + "\\]";
  }

  Regex object(const Json& schema, const std::string& path) {
    const Json& properties = schema.contains("properties") ? schema["properties"] : kNoProperties;
    if (!properties.is_object()) refuse(path, "\"properties\" should be an object");
    std::set<std::string> required;
    if (schema.contains("required")) {
      for (const Json& name : schema["required"]) {
        if (!name.is_string() || !properties.contains(name.get<std::string>()))
          refuse(path, "required " + json_text(name) + " is none of the properties");
        required.insert(name);
      }
    }
    if (properties.empty()) {
      const Json& more = schema.contains("additionalProperties") ? schema["additionalProperties"] : kAnything;
      const Regex member = more.is_boolean() ? (more.get<bool>() ? Regex(anything(kAnyLevels - 1)) : std::nullopt)
                                             : value(more, path + "/additionalProperties");
      return member ? "\\{" + repeated(any_key() + *member, 0, {}, "\\{") + "\\}" : "\\{\\}";
    }

    std::vector<Member> members;
    for (const auto& [name, schema_of_member] : properties.items()) {
      const bool is_required = required.count(name) > 0;
      const Regex member = value(schema_of_member, path + "/properties/" + name);
      if (!member && is_required) return std::nullopt;
      if (!member) continue;
      members.push_back({literal(Json(name).dump()) + ": " + *member, is_required});
    }
    return "\\{" + members_in_order(members, is_fast_) + "\\}";
  }

  Regex branches(const Json& schema, const char* key, const std::string& path) {
    require_alone(schema, key, path);
    if (!schema[key].is_array()) refuse(path, std::string("\"") + key + "\" should be a list");
    std::vector<std::string> regexes;
    for (size_t i = 0; i < schema[key].size(); ++i)
      if (Regex regex = value(schema[key][i], path + "/" + key + "/" + std::to_string(i))) regexes.push_back(*regex);
    return regexes.empty() ? Regex() : any_of(regexes);
  }

  Regex reference(const Json& schema, const std::string& path) {
    require_alone(schema, "$ref", path);
    if (!schema["$ref"].is_string() || !schema["$ref"].get<std::string>().starts_with("#"))
      refuse(path,
             "$ref " + json_text(schema["$ref"]) + " should lead to a place in this schema, such as #/$defs/name");
    const auto target = schema["$ref"].get<std::string>();
    const Json* referred = nullptr;
    try {
      referred = &root_.at(Json::json_pointer(target.substr(1)));
    } catch (const Json::exception&) {
      refuse(path, "$ref \"" + target + "\" leads nowhere");
    }
    if (++num_references_ > kMostReferences) refuse(path, "the schema refers to itself in too many ways");
    int& num_open = open_references_[target];
    if (num_open >= kMostNested) return std::nullopt;
    ++num_open;
    Regex regex = value(*referred, target);
    --open_references_[target];
    return regex;
  }

  // What stands beside it would have to hold as well.
  void require_alone(const Json& schema, const std::string& key, const std::string& path) const {
    for (const auto& [other, ignored] : schema.items())
      if (other != key && !contains(kRemarks, other))
        refuse(path, "\"" + other + "\" beside \"" + key + "\" is not known; move it into the schema that \"" + key +
                         "\" names");
  }

  static Regex one_of_values(const Json& values, const std::vector<std::string>& types) {
    std::vector<std::string> regexes;
    for (const Json& value : values) {
      const auto fits = [&](const std::string& type) { return has_type(value, type); };
      if (types.empty() || std::any_of(types.begin(), types.end(), fits)) regexes.push_back(literal(json_text(value)));
    }
    return regexes.empty() ? Regex() : any_of(regexes);
  }

  static inline const Json kNoProperties = Json::object(), kAnything = true;

  const Json& root_;
  const std::string& where_;
  bool is_fast_;
  std::map<std::string, int> open_references_;
  int num_references_ = 0, num_levels_ = 0;
};

}  // namespace

std::string json_schema_regex(const Json& schema, const std::string& where) {
  Regex regex;
  for (const bool is_fast : {true, false}) {
    Translator translator(schema, where, is_fast);
    regex = translator.value(schema, "#");
    if (!regex) translator.refuse("#", "no value fits this schema (or it refers to itself without end)");
    if (regex->size() <= kMostFastBytes) break;  // else as small as it can be
  }
  return *regex;
}

}  // namespace ktlm::generate
