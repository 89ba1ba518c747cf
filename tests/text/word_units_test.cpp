#include "ktlm/text/word_units.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"

namespace ktlm::text {
namespace {

// The units, with bars between them.
std::string units_of(std::string_view text) {
  std::vector<std::string_view> units;
  split_word_units(text, units);
  std::string joined;
  for (const std::string_view unit : units) joined += (joined.empty() ? "" : "|") + std::string(unit);
  return joined;
}

TEST(WordUnits, AParticleIsAUnitOfItsOwn) {
  EXPECT_EQ(units_of("학교는 산에서 보인다"), "학교|는|산|에서|보인|다");
  EXPECT_EQ(units_of("CPU를 1으로"), "CPU|를|1|으로");
}

TEST(WordUnits, AnEndingIsAUnitOfItsOwn) {
  EXPECT_EQ(units_of("연구하는 사람이 발견했다."), "연구|하는|사람|이|발견|했다|.");
  EXPECT_EQ(units_of("감사합니다 먹습니다 갑니다"), "감사|합니다|먹|습니다|갑|니다");
}

TEST(WordUnits, OfTwoSuffixesTheInnerHasTwoSyllables) {
  EXPECT_EQ(units_of("서울에서는 집으로도 회의가"), "서울|에서|는|집|으로|도|회의|가");
}

TEST(WordUnits, AWordThatIsASuffixStaysWhole) {
  EXPECT_EQ(units_of("이 는 에서 있다 했다는 2로 3으로"), "이|는|에서|있다|했다|는|2|로|3|으로");
}

TEST(WordUnits, AMarkIsAUnitOfItsOwn) {
  EXPECT_EQ(units_of("(가), \"나\"…… 「다」 ₩5 → ■"), "(|가|)|,|\"|나|\"|……|「|다|」|₩|5|→|■");
  EXPECT_EQ(units_of("아니...요!!!! ((?"), "아니|...|요|!!!!|((|?");
  EXPECT_EQ(units_of("20℃ Ⅱ 大韓民國 ㅋㅋㅋ ☆"), "20℃|Ⅱ|大韓民國|ㅋㅋㅋ|☆");
}

TEST(WordUnits, ANumberBeforeHangulIsAUnitOfItsOwn) {
  EXPECT_EQ(units_of("1945년 8월 15일에 3D로 A4용지"), "1945|년|8|월|15|일|에|3D|로|A4|용지");
}

TEST(WordUnits, ANumberIsOneUnit) {
  EXPECT_EQ(units_of("1,234명이 3.5%를 2019.7.1. 10, 20..3"), "1,234|명|이|3.5|%|를|2019.7.1|.|10|,|20|..|3");
}

TEST(WordUnits, WhiteSpaceOfAnyKindDividesAndGoes) {
  EXPECT_EQ(units_of("  가\t나\n다\u3000라\u00A0마\r\n"), "가|나|다|라|마");
  EXPECT_EQ(units_of(""), "");
  EXPECT_EQ(units_of(" \n\t"), "");
}

TEST(WordUnits, AppendToWhatIsThere) {
  std::vector<std::string_view> units = {"앞"};
  split_word_units("나는", units);
  EXPECT_EQ(units, (std::vector<std::string_view>{"앞", "나", "는"}));
}

// What is dropped is white space alone, and no unit is empty, whatever the bytes.
TEST(WordUnits, AnyBytesAreCutWithoutLoss) {
  const std::string bytes =
      "가는다 \n.\xE2\x80\xA6\xEA\xB0\xF0\xC2\xA0\xFF"
      "09az";
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (size_t n = random() % 24; n > 0; --n) text += bytes[random() % bytes.size()];
    std::vector<std::string_view> units;
    split_word_units(text, units);
    const char* end = text.data();
    for (const std::string_view unit : units) {
      ASSERT_FALSE(unit.empty());
      ASSERT_GE(unit.data(), end);
      const std::string_view dropped(end, static_cast<size_t>(unit.data() - end));
      for (size_t position = 0; position < dropped.size();)
        ASSERT_EQ(script_of(decode_utf8(dropped, position)), Script::kSpace) << text;
      end = unit.data() + unit.size();
    }
    ASSERT_LE(end, text.data() + text.size());
  }
}

}  // namespace
}  // namespace ktlm::text
