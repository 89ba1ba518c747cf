// Small words for people: numbers with units, the nearest of several names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ktlm {

/// 1536 -> "1.5 kB", 12,345,678 -> "12.3 MB" (powers of 1000).
std::string format_bytes(int64_t bytes);
/// 1234567 -> "1.23M", 950 -> "950".
std::string format_count(double count);
/// 75 -> "1m15s", 7265 -> "2h01m", 0.5 -> "0.5s".
std::string format_seconds(double seconds);
/// A number in the fewest digits that read back to the same double ("0.0003", "1e-05"), independent of the locale.
std::string format_double(double value);
/// A whole text as a finite number, independent of the locale; false, and `out` is anything, where it is none.
bool parse_double(const std::string& text, double& out);

/// The candidate with the least edit distance to `word`, or "" where none is near (about a third of the letters wrong).
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace ktlm
