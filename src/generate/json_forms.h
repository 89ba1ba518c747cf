// What JSON's values look like as regular expressions, for a schema to be put together of: written as Python's
// json.dumps does, with a space behind ":" and ",", but that characters stand for themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/core/json.h"

namespace ktlm::generate {

/// Objects and arrays in a value of which nothing is said.
inline constexpr int kAnyLevels = 2;

inline constexpr const char* kNumber = R"(-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?(?:[eE][-+]?[0-9]{1,2})?)";

inline constexpr const char* kDate =
    "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|"
    "02-(?:0[1-9]|1[0-9]|2[0-8]))";
inline constexpr const char* kTime =
    "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:Z|[-+](?:[01][0-9]|2[0-3]):[0-5][0-9])";

std::string group(const std::string& regex);
std::string any_of(const std::vector<std::string>& branches);
/// A text that stands for itself.
std::string literal(std::string_view text);
/// A value as it is written.
std::string json_text(const Json& value);

/// Between `least` and `most` times, separated by ", ", behind the opening bracket.
std::string repeated(const std::string& item, int64_t least, std::optional<int64_t> most, const std::string& opening);

struct Member {
  std::string pair;  // "\"name\": value"
  bool is_required;
};

/// PCRE2 takes 64 KB once compiled, which may be three times as much.
inline constexpr size_t kMostFastBytes = 16'000;

/// An object's members in their order, those that are not required there or not. `is_fast`: where that takes no more
/// than kMostFastBytes, as an expression that is quick to follow, instead of one that grows no faster than they do.
std::string members_in_order(std::span<const Member> members, bool is_fast);

/// Of at least `least` characters, and at most `most`.
std::string string_of_length(int64_t least, std::optional<int64_t> most);
/// A member's name, with what stands between it and the value.
std::string any_key();
/// Of objects and arrays so many levels.
std::string anything(int levels);

}  // namespace ktlm::generate
