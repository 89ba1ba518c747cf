// How many columns text takes in a terminal: Hangul syllables, Hanja and most emoji two, combining marks none
// (Unicode's UAX 11, by utf8proc's tables, whatever the locale).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ktlm::text {

/// 0, 1 or 2; control characters take none.
int column_width(char32_t code_point);
/// Of UTF-8.
size_t column_width(std::string_view text);
/// The beginning of UTF-8 text that fits into so many columns, in whole characters.
std::string cut_to_width(std::string_view text, size_t columns);

}  // namespace ktlm::text
