#include "ktlm/text/utf8.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ktlm/core/random.h"

namespace ktlm::text {
namespace {

std::vector<char32_t> decode_all(std::string_view text) {
  std::vector<char32_t> code_points;
  for (size_t position = 0; position < text.size();) code_points.push_back(decode_utf8(text, position));
  return code_points;
}

TEST(Utf8, EveryCodePointSurvivesTheRoundTrip) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string encoded;
    append_utf8(encoded, c);
    ASSERT_TRUE(is_valid_utf8(encoded)) << static_cast<uint32_t>(c);
    size_t position = 0;
    ASSERT_EQ(decode_utf8(encoded, position), c);
    ASSERT_EQ(position, encoded.size());
  }
}

TEST(Utf8, SurrogatesAndNumbersBeyondUnicodeAreWrittenAsReplacement) {
  for (const char32_t c : {char32_t{0xD800}, char32_t{0xDFFF}, char32_t{0x110000}}) {
    std::string encoded;
    append_utf8(encoded, c);
    EXPECT_EQ(encoded, "\xEF\xBF\xBD");
  }
}

// The examples of the Unicode standard, tables 3-8 to 3-11 (version 15): one replacement for each maximal subpart.
TEST(Utf8, MalformedBytesAreReplacedByMaximalSubparts) {
  const char32_t bad = kReplacementCharacter;
  EXPECT_EQ(decode_all("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            (std::vector<char32_t>{bad, bad, bad, bad, bad, bad, bad, bad, 'A'}));
  EXPECT_EQ(decode_all("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            (std::vector<char32_t>{bad, bad, bad, bad, bad, bad, bad, bad, 'A'}));
  EXPECT_EQ(decode_all("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            (std::vector<char32_t>{bad, bad, bad, bad, bad, 'A', bad, bad, 'B'}));
  EXPECT_EQ(decode_all("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), (std::vector<char32_t>{bad, bad, bad, bad, 'A'}));
}

TEST(Utf8, RepairCountsWhatItReplacesAndKeepsTheRest) {
  size_t num_replaced = 99;
  EXPECT_EQ(repair_utf8("가\xEA\xB0나\xFF!", &num_replaced), "가\xEF\xBF\xBD나\xEF\xBF\xBD!");
  EXPECT_EQ(num_replaced, 2U);
  EXPECT_EQ(repair_utf8("깨끗한 글", &num_replaced), "깨끗한 글");
  EXPECT_EQ(num_replaced, 0U);
}

TEST(Utf8, RepairedRandomBytesAreValid) {
  Random random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random.below(24), '\0');
    for (char& byte : bytes)
      byte = static_cast<char>(random.below(4) == 0 ? random.below(128) : 128 + random.below(128));
    const std::string repaired = repair_utf8(bytes);
    ASSERT_TRUE(is_valid_utf8(repaired));
    ASSERT_EQ(decode_all(repaired), decode_all(bytes));
    ASSERT_EQ(is_valid_utf8(bytes), repaired == bytes);
  }
}

TEST(Utf8, OneWrongByteInALongTextIsFoundWhereverItStands) {
  std::string text;
  for (int i = 0; text.size() < 1500; ++i) text += i % 5 == 0 ? "a " : i % 7 == 0 ? "😀" : i % 3 == 0 ? "é" : "한글";
  ASSERT_TRUE(is_valid_utf8(text));
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char wrong : {'a', '\x80', '\xBF', '\xC0', '\xC3', '\xE0', '\xED', '\xF0', '\xF4', '\xFF'}) {
      std::string bytes = text;
      bytes[i] = wrong;
      const auto decoded = decode_all(bytes);
      const bool is_valid = std::find(decoded.begin(), decoded.end(), kReplacementCharacter) == decoded.end();
      ASSERT_EQ(is_valid_utf8(bytes), is_valid) << "byte " << i << " is " << static_cast<int>(wrong);
      ASSERT_EQ(decode_all(repair_utf8(bytes)), decoded);
    }
    const bool is_whole = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    ASSERT_EQ(is_valid_utf8(text.substr(0, i)), is_whole) << "cut before byte " << i;
  }
}

TEST(Utf8, AStrayByteBehindAMalformedOneIsRepairedBeforeALongText) {
  std::string hangul;
  while (hangul.size() < 900) hangul += "한글";
  for (const std::string malformed : {"\xFF\xB1", "\xE0\x80\x80", "\xF0\x80\x80\x80", "\xED\xBF\x80"}) {
    const std::string repaired = repair_utf8("abc" + malformed + hangul);
    EXPECT_TRUE(is_valid_utf8(repaired));
    EXPECT_EQ(decode_all(repaired), decode_all("abc" + malformed + hangul));
  }
}

TEST(Utf8, CountsCodePoints) {
  EXPECT_EQ(count_code_points(""), 0U);
  EXPECT_EQ(count_code_points("한글 abc 😀"), 8U);
}

TEST(Utf8, ACharacterCutShortIsHeldBack) {
  const std::string text = "a한😀";
  const std::vector<size_t> expected = {0, 0, 1, 2, 0, 1, 2, 3, 0};  // after 0 .. 8 bytes
  for (size_t length = 0; length <= text.size(); ++length) {
    EXPECT_EQ(incomplete_utf8_suffix(std::string_view(text).substr(0, length)), expected[length]) << length;
  }
  // What no further byte can complete is not waited for.
  EXPECT_EQ(incomplete_utf8_suffix("\xED\xA0"), 0U);
  EXPECT_EQ(incomplete_utf8_suffix("\x80\x80\x80\x80"), 0U);
  EXPECT_EQ(incomplete_utf8_suffix("\xFF"), 0U);
}

}  // namespace
}  // namespace ktlm::text
