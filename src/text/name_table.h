// Look-up by name in the constant tables of wikitext's vocabulary. The tables are sorted by name, in bytes, and hold
// the names in canonical form.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace ktlm::text {

// Pages vary the spelling: case, underscores, inner spaces ("참고 문헌", "참고문헌").
inline std::string canonical_name(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (c == ' ' || c == '_' || c == '\t' || c == '\n') continue;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

template <class Table>
constexpr bool is_sorted_by_name(const Table& table) {
  return std::ranges::is_sorted(table, {}, [](const auto& entry) { return entry.name; });
}

/// The entry of that name, or null. `name` is canonical.
template <class Table>
auto find_by_name(const Table& table, std::string_view name) -> decltype(table.data()) {
  const auto found = std::ranges::lower_bound(table, name, {}, [](const auto& entry) { return entry.name; });
  return found != table.end() && found->name == name ? &*found : nullptr;
}

}  // namespace ktlm::text
