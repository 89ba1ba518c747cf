#include "ktlm/text/hangul.h"

#include <gtest/gtest.h>

#include <utility>

namespace ktlm::text {
namespace {

TEST(Hangul, ScriptOfEachKindOfCharacter) {
  const std::pair<char32_t, Script> cases[] = {
      {U'가', Script::kHangulSyllable},
      {U'힣', Script::kHangulSyllable},
      {U'ㅋ', Script::kHangulJamo},
      {0x1100, Script::kHangulJamo},
      {0x11A8, Script::kHangulJamo},
      {U'韓', Script::kHanja},
      {0xF914, Script::kHanja},
      {0x20000, Script::kHanja},
      {U'a', Script::kLatin},
      {U'Z', Script::kLatin},
      {U'é', Script::kLatin},
      {U'7', Script::kDigit},
      {U'か', Script::kKana},
      {U'カ', Script::kKana},
      {U'.', Script::kPunctuation},
      {U'…', Script::kPunctuation},
      {U'「', Script::kPunctuation},
      {U' ', Script::kSpace},
      {U'\n', Script::kSpace},
      {0x3000, Script::kSpace},
      {U'Я', Script::kOther},
      {U'😀', Script::kOther},
      {0, Script::kOther},
      {0x10FFFF, Script::kOther},
  };
  for (const auto& [c, script] : cases) EXPECT_EQ(script_of(c), script) << static_cast<uint32_t>(c);
}

TEST(Hangul, FinalConsonant) {
  EXPECT_TRUE(has_final_consonant(U'은'));
  EXPECT_TRUE(has_final_consonant(U'값'));
  EXPECT_FALSE(has_final_consonant(U'느'));
  EXPECT_FALSE(has_final_consonant(U'이'));
  EXPECT_FALSE(has_final_consonant(U'ㄱ'));
  EXPECT_FALSE(has_final_consonant(U'a'));
}

}  // namespace
}  // namespace ktlm::text
