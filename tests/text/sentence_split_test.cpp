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

TEST(SentenceSplit, WithoutASpaceASentenceMayStartWithAnything) {
  EXPECT_THAT(split_sentences("개최한다.20일에 연다.KBS가 전했다.\"클리퍼\"가 왔다.‘풍웡’은 갔다.끝났지.그래?"),
              ElementsAre("개최한다.", "20일에 연다.", "KBS가 전했다.", "\"클리퍼\"가 왔다.", "‘풍웡’은 갔다.",
                          "끝났지.", "그래?"));
  EXPECT_THAT(split_sentences("잘 왔어.그래 문제 없음.다음 정치.경제.사회 면"),
              ElementsAre("잘 왔어.", "그래 문제 없음.", "다음 정치.경제.사회 면"));
}

TEST(SentenceSplit, AClearEndingNeedsNoStop) {
  EXPECT_THAT(
      split_sentences("만족합니다 배송도 빨라요 다음에 또 살게요ㅎㅎ 추천해요~ 진짜 좋았다 그런데 비싸네요 ㅠㅠ 끝"),
      ElementsAre("만족합니다", "배송도 빨라요", "다음에 또 살게요ㅎㅎ", "추천해요~", "진짜 좋았다",
                  "그런데 비싸네요 ㅠㅠ", "끝"));
}

TEST(SentenceSplit, WordsThatOnlyLookLikeEndingsEndNothing) {
  for (const std::string_view sentence :
       {"필요 없는 수요 예측", "우간다 정부와 르완다 정부", "베란다 창문과 미란다 원칙", "왔다 갔다 하는 사람",
        "있다 보니 그렇게 되었다", "크다 작다 말이 많다", "간다 라고 말했다", "날마다 조금씩 보다 나은 가요 무대",
        "하든지 말든지 그러니까 내가 바다 건너", "10~ 12시 사이"}) {
    EXPECT_THAT(split_sentences(sentence), ElementsAre(sentence));
  }
}

TEST(SentenceSplit, AQuotationThatItsSentenceGoesOnFromStaysWhole) {
  EXPECT_THAT(split_sentences("이어 \"생각이 없었다. 속상했다. 미안하다\"며 웃었다. 끝났다."),
              ElementsAre("이어 \"생각이 없었다. 속상했다. 미안하다\"며 웃었다.", "끝났다."));
  EXPECT_THAT(split_sentences("“먼저 가. 나는 남을게.” 그가 말했다."),
              ElementsAre("“먼저 가.", "나는 남을게.”", "그가 말했다."));
  EXPECT_THAT(split_sentences("그는 ‘간다. 온다.’ 라는 글을 썼다."), ElementsAre("그는 ‘간다. 온다.’ 라는 글을 썼다."));
}

TEST(SentenceSplit, BracketsStayWhole) {
  EXPECT_THAT(split_sentences("그는 (비가 왔다. 눈도 왔다.) 젖었다. 《모여봐요 동물의 숲》을 샀다."),
              ElementsAre("그는 (비가 왔다. 눈도 왔다.)", "젖었다.", "《모여봐요 동물의 숲》을 샀다."));
}

TEST(SentenceSplit, AForgottenQuotationMarkHoldsNothingTogether) {
  EXPECT_THAT(split_sentences("그는 \"몰라. 아무도 없었다. 밤이 왔다. 그는 \"가자\"라고 했다."),
              ElementsAre("그는 \"몰라.", "아무도 없었다.", "밤이 왔다.", "그는 \"가자\"라고 했다."));
  EXPECT_EQ(split_sentences("(처음. 다음이다.\n끝).").size(), 3U);
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
  const char* pieces[] = {"다", "요", ".", "!", "?",  "…",  "”",  "\"",   ")",    "니다", "했", "ㅋ", "“", "(",
                          " ",  "\n", "1", "a", "Dr", "가", "。", "\xE2", "\xFF", "고",   "'",  "~",  "《"};
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
  std::string openers;
  for (int i = 0; i < 300'000; ++i) openers += "(“「\"";
  EXPECT_EQ(split_sentences(openers).size(), 1U);
  std::string quotations;
  for (int i = 0; i < 100'000; ++i) quotations += " \"'가. 나.";
  EXPECT_GT(split_sentences(quotations).size(), 1U);
  std::string tabs;  // no space ends the word behind a plain form
  for (int i = 0; i < 2'000'000; ++i) tabs += "했다\t가";
  EXPECT_EQ(split_sentences(tabs).size(), 2U);
}

}  // namespace
}  // namespace ktlm::text
