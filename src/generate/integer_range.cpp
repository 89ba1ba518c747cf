#include "integer_range.h"

#include <algorithm>
#include <string_view>

namespace ktlm::generate {

namespace {

// Numbers of the same number of digits.
std::string between(std::string_view low, std::string_view high) {
  if (low.empty()) return "";
  if (low.find_first_not_of('0') == std::string_view::npos && high.find_first_not_of('9') == std::string_view::npos)
    return low.size() == 1 ? "[0-9]" : "[0-9]{" + std::to_string(low.size()) + "}";
  if (low[0] == high[0]) return low[0] + between(low.substr(1), high.substr(1));

  // With low's first digit up to 99..., with high's from 00... on, and with those between them anything.
  const std::string nines(low.size() - 1, '9'), zeros(low.size() - 1, '0');
  char first = low[0], last = high[0];
  std::string regex;
  if (low.substr(1) != zeros) regex += first++ + between(low.substr(1), nines) + "|";
  std::string end;
  if (high.substr(1) != nines) end = "|" + (last-- + between(zeros, high.substr(1)));
  if (first <= last) {
    const std::string digit = first == last ? std::string(1, first) : std::string("[") + first + "-" + last + "]";
    regex += digit + between(zeros, nines) + end;
  } else {
    regex.pop_back();
    regex += end;
  }
  return "(?:" + regex + ")";
}

// Lengths of which all numbers belong are told together.
std::string natural_range(int64_t low, int64_t high) {
  std::string regex;
  const auto add = [&](const std::string& branch) { regex += (regex.empty() ? "" : "|") + branch; };
  if (low == 0) add("0");
  size_t num_digits = 1, first_whole = 0;  // 0: the length before was no whole one
  const auto add_whole = [&] {
    if (first_whole > 0)
      add("[1-9][0-9]{" + std::to_string(first_whole - 1) + "," + std::to_string(num_digits - 2) + "}");
    first_whole = 0;
  };
  for (int64_t first = 1, last = 9; first <= high; first *= 10, last = 10 * last + 9, ++num_digits) {
    if (last < low) continue;
    if (low <= first && last <= high) {
      if (first_whole == 0) first_whole = num_digits;
      continue;
    }
    add_whole();
    add(between(std::to_string(std::max(first, low)), std::to_string(std::min(last, high))));
  }
  add_whole();
  return "(?:" + regex + ")";
}

}  // namespace

std::string integer_range_regex(int64_t low, int64_t high) {
  if (low >= 0) return natural_range(low, high);
  const std::string negative = "-" + natural_range(std::max<int64_t>(1, -high), -low);
  return high < 0 ? negative : "(?:" + negative + "|" + natural_range(0, high) + ")";
}

}  // namespace ktlm::generate
