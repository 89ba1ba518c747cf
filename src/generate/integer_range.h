// The integers from one number to another, as a regular expression of their digits.
#pragma once

#include <cstdint>
#include <string>

namespace ktlm::generate {

/// low <= high, both of less than 19 digits. Without leading zeros, and without "-0".
std::string integer_range_regex(int64_t low, int64_t high);

}  // namespace ktlm::generate
