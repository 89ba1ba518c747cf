#include "ktlm/text/sentence_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ktlm/core/random.h"

namespace ktlm::text {
namespace {

using ::testing::ElementsAre;

TEST(SentenceSplit, KoreanEndings) {
  EXPECT_THAT(split_sentences("비가 온다. 우산을 챙겼어요. 그렇죠? 갈까요! 좋아"),
              ElementsAre("비가 온다.", "우산을 챙겼어요.", "그렇죠?", "갈까요!", "좋아"));
}

TEST(SentenceSplit, NewlineEndsAndSpaceIsTrimmed) {
  EXPECT_THAT(split_sentences("  제목\n\n  본문이다.  끝 \r\n"), ElementsAre("제목", "본문이다.", "끝"));
  EXPECT_TRUE(split_sentences("").empty());
  EXPECT_TRUE(split_sentences(" \n\t\n").empty());
}

TEST(SentenceSplit, ClosingMarksStayWithTheirSentence) {
  EXPECT_THAT(split_sentences("“가자.” 그가 일어났다. (비가 왔다.) 그는 웃었다."),
              ElementsAre("“가자.”", "그가 일어났다.", "(비가 왔다.)", "그는 웃었다."));
}

TEST(SentenceSplit, AQuotationGoesOnWithItsParticle) {
  EXPECT_THAT(split_sentences("그는 “간다.”라고 말했다. \"왜?\" 하고 물었다."),
              ElementsAre("그는 “간다.”라고 말했다.", "\"왜?\" 하고 물었다."));
}

TEST(SentenceSplit, NumbersAndDatesStayWhole) {
  EXPECT_THAT(split_sentences("원주율은 3.14이다. 2024. 1. 5. 개최했다. 모두 15개이다."),
              ElementsAre("원주율은 3.14이다.", "2024. 1. 5. 개최했다.", "모두 15개이다."));
  EXPECT_THAT(split_sentences("모두 15. 다음은 셋이다."), ElementsAre("모두 15.", "다음은 셋이다."));
}

TEST(SentenceSplit, ItemMarksStayWithTheirItem) {
  EXPECT_THAT(split_sentences("1. 첫째 항목이다.\n가. 둘째 항목이다.\nA. 셋째"),
              ElementsAre("1. 첫째 항목이다.", "가. 둘째 항목이다.", "A. 셋째"));
}

TEST(SentenceSplit, AbbreviationsDoNotEndASentence) {
  EXPECT_THAT(split_sentences("Dr. Kim은 U.S. 출신이다. J. K. 롤링은 작가이다. 과일, e.g. 사과를 먹는다."),
              ElementsAre("Dr. Kim은 U.S. 출신이다.", "J. K. 롤링은 작가이다.", "과일, e.g. 사과를 먹는다."));
}

TEST(SentenceSplit, AVerbEndingNeedsNoSpaceBehindItsStop) {
  EXPECT_THAT(split_sentences("밥을 먹었다.그리고 잤다. www.한국.kr 참조"),
              ElementsAre("밥을 먹었다.", "그리고 잤다.", "www.한국.kr 참조"));
}

TEST(SentenceSplit, AnEllipsisIsAPauseUnlessTheVerbIsOver) {
  EXPECT_THAT(split_sentences("그게… 아니라... 몰라요… 정말 몰라!? 응."),
              ElementsAre("그게… 아니라... 몰라요…", "정말 몰라!?", "응."));
}

TEST(SentenceSplit, FullWidthStops) {
  EXPECT_THAT(split_sentences("간다。 온다！ 왔니？ 응"), ElementsAre("간다。", "온다！", "왔니？", "응"));
}

TEST(SentenceSplit, English) {
  EXPECT_THAT(split_sentences("He left. She stayed. Version 2.0 is out."),
              ElementsAre("He left.", "She stayed.", "Version 2.0 is out."));
}

// Whatever the text, the sentences are its non-blank parts in order: nothing is lost, nothing invented.
TEST(SentenceSplit, NothingIsLostOnRandomText) {
  const char* pieces[] = {"다", "요", ".", "!", "?",  "…",  "”",  "\"",   ")",
                          " ",  "\n", "1", "a", "Dr", "가", "。", "\xE2", "\xFF"};
  Random random(5);
  for (int i = 0; i < 50000; ++i) {
    std::string text;
    for (uint64_t n = random.below(16); n > 0; --n) text += pieces[random.below(std::size(pieces))];
    std::string joined;
    for (const std::string_view sentence : split_sentences(text)) {
      ASSERT_FALSE(sentence.empty());
      ASSERT_EQ(sentence.find('\n'), std::string_view::npos);
      joined += sentence;
    }
    std::erase_if(joined, [](char c) { return c == ' '; });
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    ASSERT_EQ(joined, text);
  }
}

TEST(SentenceSplit, LongInputWithoutStopsTakesLinearTime) {
  EXPECT_EQ(split_sentences(std::string(2'000'000, '.')).size(), 1U);
  std::string decimals;
  for (int i = 0; i < 300'000; ++i) decimals += "1.";
  EXPECT_EQ(split_sentences(decimals).size(), 1U);
}

}  // namespace
}  // namespace ktlm::text
