// UTF-8, byte by byte: decoding, validity, repair. Malformed sequences follow Unicode 15, section 3.9 (maximal
// subparts).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ktlm::text {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

/// The code point at `position` and moves `position` behind it; a malformed byte sequence gives U+FFFD.
char32_t decode_utf8(std::string_view text, size_t& position);
void append_utf8(std::string& out, char32_t code_point);

bool is_valid_utf8(std::string_view text);
/// Replaces every malformed sequence by U+FFFD; `num_replaced` (may be null) gets their number.
std::string repair_utf8(std::string_view text, size_t* num_replaced = nullptr);
/// Of valid UTF-8; malformed text counts its bytes that begin a character.
size_t count_code_points(std::string_view text);

/// How many bytes at the end belong to a character whose last bytes are still missing (0 .. 3): a stream holds them
/// back.
size_t incomplete_utf8_suffix(std::string_view text);

}  // namespace ktlm::text
