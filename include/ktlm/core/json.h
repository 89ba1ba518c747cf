// JSON's home: the rest of the project includes nlohmann/json through this header and parses through parse_json, so
// that an error names the place. Objects keep the order in which their keys were written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ktlm {

using Json = nlohmann::ordered_json;

/// Parses one JSON value. Throws Error "<where>: not valid JSON: ... (at byte 17)".
Json parse_json(std::string_view text, const std::string& where);

/// Reads and parses a file. Throws Error naming the path.
Json read_json_file(const std::string& path);

/// `value[key]` as T. Throws Error "<where>: key "x" is missing" or "... should be an integer, is a string".
template <class T>
T json_get(const Json& value, const char* key, const std::string& where);

/// As json_get, with `fallback` where the key is missing or null.
template <class T>
T json_get_or(const Json& value, const char* key, T fallback, const std::string& where);

/// One line of JSON, non-ASCII characters kept; invalid UTF-8 is replaced by U+FFFD rather than thrown upon.
std::string to_json_line(const Json& value);

[[noreturn]] void throw_json_key_missing(const char* key, const std::string& where);
[[noreturn]] void throw_json_key_type(const char* key, const char* expected, const Json& got, const std::string& where);

// --- implementation of the templates ---

namespace detail {
template <class T>
constexpr const char* json_type_name() {
  if constexpr (std::is_same_v<T, bool>)
    return "true or false";
  else if constexpr (std::is_integral_v<T>)
    return "an integer";
  else if constexpr (std::is_floating_point_v<T>)
    return "a number";
  else if constexpr (std::is_same_v<T, std::string>)
    return "a string";
  else
    return "another type";
}

template <class T>
bool json_holds(const Json& value) {
  if constexpr (std::is_same_v<T, bool>)
    return value.is_boolean();
  else if constexpr (std::is_integral_v<T>)
    return value.is_number_integer();
  else if constexpr (std::is_floating_point_v<T>)
    return value.is_number();
  else if constexpr (std::is_same_v<T, std::string>)
    return value.is_string();
  else
    return true;
}
}  // namespace detail

template <class T>
T json_get(const Json& value, const char* key, const std::string& where) {
  if (!value.is_object() || !value.contains(key)) throw_json_key_missing(key, where);
  const Json& member = value.at(key);
  if (!detail::json_holds<T>(member)) throw_json_key_type(key, detail::json_type_name<T>(), member, where);
  return member.get<T>();
}

template <class T>
T json_get_or(const Json& value, const char* key, T fallback, const std::string& where) {
  if (!value.is_object() || !value.contains(key) || value.at(key).is_null()) return fallback;
  return json_get<T>(value, key, where);
}

}  // namespace ktlm
