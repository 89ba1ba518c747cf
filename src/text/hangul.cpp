#include "ktlm/text/hangul.h"

#include <algorithm>
#include <array>

namespace ktlm::text {
namespace {

struct Range {
  char32_t first;
  char32_t last;
  Script script;
};

// Blocks of the Unicode standard, sorted; what lies between them is kOther. Letter and sign share some blocks (Latin-1,
// full-width forms), which are therefore cut up. Symbols such as + < ~ count as punctuation.
constexpr auto kRanges = std::to_array<Range>({
    {0x0009, 0x000D, Script::kSpace},          {0x0020, 0x0020, Script::kSpace},
    {0x0021, 0x002F, Script::kPunctuation},    {0x0030, 0x0039, Script::kDigit},
    {0x003A, 0x0040, Script::kPunctuation},    {0x0041, 0x005A, Script::kLatin},
    {0x005B, 0x0060, Script::kPunctuation},    {0x0061, 0x007A, Script::kLatin},
    {0x007B, 0x007E, Script::kPunctuation},    {0x0085, 0x0085, Script::kSpace},
    {0x00A0, 0x00A0, Script::kSpace},          {0x00A1, 0x00A9, Script::kPunctuation},
    {0x00AA, 0x00AA, Script::kLatin},          {0x00AB, 0x00B9, Script::kPunctuation},
    {0x00BA, 0x00BA, Script::kLatin},          {0x00BB, 0x00BF, Script::kPunctuation},
    {0x00C0, 0x00D6, Script::kLatin},          {0x00D7, 0x00D7, Script::kPunctuation},
    {0x00D8, 0x00F6, Script::kLatin},          {0x00F7, 0x00F7, Script::kPunctuation},
    {0x00F8, 0x024F, Script::kLatin},          {0x1100, 0x11FF, Script::kHangulJamo},
    {0x1E00, 0x1EFF, Script::kLatin},          {0x2000, 0x200A, Script::kSpace},
    {0x2010, 0x2027, Script::kPunctuation},    {0x2028, 0x2029, Script::kSpace},
    {0x202F, 0x202F, Script::kSpace},          {0x2030, 0x205E, Script::kPunctuation},
    {0x205F, 0x205F, Script::kSpace},          {0x2E00, 0x2E7F, Script::kPunctuation},
    {0x2E80, 0x2FDF, Script::kHanja},          {0x3000, 0x3000, Script::kSpace},
    {0x3001, 0x3004, Script::kPunctuation},    {0x3005, 0x3007, Script::kHanja},
    {0x3008, 0x3020, Script::kPunctuation},    {0x3030, 0x3030, Script::kPunctuation},
    {0x3041, 0x30FA, Script::kKana},           {0x30FB, 0x30FB, Script::kPunctuation},
    {0x30FC, 0x30FF, Script::kKana},           {0x3131, 0x318E, Script::kHangulJamo},
    {0x31F0, 0x31FF, Script::kKana},           {0x3400, 0x4DBF, Script::kHanja},
    {0x4E00, 0x9FFF, Script::kHanja},          {0xA960, 0xA97C, Script::kHangulJamo},
    {0xAC00, 0xD7A3, Script::kHangulSyllable}, {0xD7B0, 0xD7FB, Script::kHangulJamo},
    {0xF900, 0xFAFF, Script::kHanja},          {0xFB00, 0xFB06, Script::kLatin},
    {0xFE30, 0xFE6B, Script::kPunctuation},    {0xFF01, 0xFF0F, Script::kPunctuation},
    {0xFF10, 0xFF19, Script::kDigit},          {0xFF1A, 0xFF20, Script::kPunctuation},
    {0xFF21, 0xFF3A, Script::kLatin},          {0xFF3B, 0xFF40, Script::kPunctuation},
    {0xFF41, 0xFF5A, Script::kLatin},          {0xFF5B, 0xFF65, Script::kPunctuation},
    {0xFF66, 0xFF9F, Script::kKana},           {0xFFA0, 0xFFDC, Script::kHangulJamo},
    {0x20000, 0x323AF, Script::kHanja},
});
static_assert(std::ranges::is_sorted(kRanges, {}, &Range::first));

}  // namespace

Script script_of(char32_t code_point) {
  if (is_hangul_syllable(code_point)) return Script::kHangulSyllable;
  const auto next = std::ranges::upper_bound(kRanges, code_point, {}, &Range::first);
  if (next == kRanges.begin()) return Script::kOther;
  const Range& range = *(next - 1);
  return code_point <= range.last ? range.script : Script::kOther;
}

std::string_view script_name(Script script) {
  switch (script) {
    case Script::kHangulSyllable:
      return "hangul";
    case Script::kHangulJamo:
      return "jamo";
    case Script::kHanja:
      return "hanja";
    case Script::kLatin:
      return "latin";
    case Script::kDigit:
      return "digit";
    case Script::kKana:
      return "kana";
    case Script::kPunctuation:
      return "punctuation";
    case Script::kSpace:
      return "space";
    case Script::kOther:
      return "other";
  }
  return "other";
}

}  // namespace ktlm::text
