// What kind of character a code point is, with Hangul looked at closely.
#pragma once

#include <string_view>

namespace ktlm::text {

enum class Script { kHangulSyllable, kHangulJamo, kHanja, kLatin, kDigit, kKana, kPunctuation, kSpace, kOther };

Script script_of(char32_t code_point);
std::string_view script_name(Script script);

constexpr bool is_hangul_syllable(char32_t c) { return c >= 0xAC00 && c <= 0xD7A3; }

/// Whether a syllable ends in a consonant (받침): 은/는, 이/가 and 으로/로 depend on it.
inline bool has_final_consonant(char32_t syllable) {
  return is_hangul_syllable(syllable) && (syllable - 0xAC00) % 28 != 0;
}

}  // namespace ktlm::text
