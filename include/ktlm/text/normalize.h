// The normaliser, the same before training and at encode time: NFC, full-width ASCII to ASCII, half-width Hangul to
// compatibility jamo, spaces of any width to one kind, line ends to \n, control and invisible characters out. What
// carries meaning stays: ㅋㅋ, ㅠㅠ, Hanja, newlines, tabs, the joiner inside emoji.
#pragma once

#include <string>
#include <string_view>

namespace ktlm::text {

/// Changes whenever normalize() gives another result for any input; a tokenizer remembers the version it was made with.
/// 2: keeps the old vowel U+11A7 behind a syllable, and repairs a stray byte behind a malformed one.
inline constexpr int kNormalizerVersion = 2;

/// Idempotent. Malformed UTF-8 becomes U+FFFD.
std::string normalize(std::string_view text);

}  // namespace ktlm::text
