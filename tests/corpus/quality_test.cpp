#include "quality.h"

#include <gtest/gtest.h>

#include <string>

namespace ktlm::corpus {
namespace {

// Written for this test: varied, with a full stop at each line's end.
std::string prose() {
  return "새벽에 내린 비가 그치자 마을 어귀의 느티나무 잎이 한결 짙어 보였다.\n"
         "어부는 그물을 손질하며 먼바다에서 돌아올 아들을 기다렸다.\n"
         "1936년 가을, 읍내 우체국에는 전신기가 처음 들어왔다.\n"
         "할머니는 장독대 뚜껑을 열고 된장 냄새를 맡아 보셨다.\n"
         "아이들이 던진 돌멩이 하나가 얼음 위로 미끄러져 건너편까지 갔다.\n"
         "목수가 깎은 의자는 다리 길이가 조금씩 달라서 늘 흔들렸다.\n"
         "도서관 지하에는 아무도 읽지 않는 신문이 햇수대로 쌓여 있다.\n"
         "기차가 터널을 지날 때마다 창에 내 얼굴이 비쳤다.\n"
         "의사는 약을 줄이라고 했지만 환자는 고개를 저었다.\n"
         "빵집 주인은 남은 식빵을 봉투에 담아 옆집 문고리에 걸어 두었다.\n"
         "그 노래의 가사를 지은 사람이 누구인지는 끝내 밝혀지지 않았다.\n"
         "산을 넘는 길은 두 갈래인데, 짧은 쪽은 겨울이면 막힌다.\n"
         "연구진은 물의 온도를 3.5도 올리고 나서 같은 실험을 되풀이했다.\n"
         "누나에게 빌린 우산을 버스에 놓고 내린 일이 또 생각났다.\n"
         "시장은 다리를 새로 놓겠다고 약속하였으나 임기 안에 마치지 못하였다.\n"
         "고양이처럼 조용히 들어온 손님이 구석 자리에 앉아 차를 주문했다.\n"
         "별자리를 배우던 밤, 선생님은 등불을 끄고 한참 말이 없으셨다.\n"
         "편지 봉투에는 받는 이의 주소만 또렷하고 보낸 이는 비어 있었다.\n"
         "밭을 갈다 나온 기와 조각 덕분에 절터의 자리를 알게 되었다.\n"
         "젊은 시인은 잡지사로 보낸 원고가 돌아올 때까지 석 달을 굶다시피 했다.\n";
}

std::string times(const std::string& part, int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += part;
  return text;
}

// Dropped for `reason`, and for no other: kept where `off` has switched that filter off.
void expect_dropped(const std::string& text, DropReason reason, void (*off)(QualityConfig&)) {
  EXPECT_STREQ(drop_reason_name(judge_quality(text, {})), drop_reason_name(reason)) << text;
  QualityConfig config;
  off(config);
  EXPECT_STREQ(drop_reason_name(judge_quality(text, config)), "kept") << text;
}

TEST(Quality, ProseIsKept) { EXPECT_EQ(judge_quality(prose(), {}), DropReason::kNone); }

TEST(Quality, AnotherLanguageIsDropped) {
  expect_dropped("The quick brown fox jumps over the lazy dog.", DropReason::kLanguage,
                 [](QualityConfig& config) { config.min_hangul_share = 0; });
  expect_dropped("長い間、日本語の文章を書いています。", DropReason::kLanguage,
                 [](QualityConfig& config) { config.min_hangul_share = 0; });
  EXPECT_EQ(judge_quality("대한민국의 수도는 서울(Seoul, 首爾)이며 IT기업과 K팝이 유명하다.", {}), DropReason::kNone);
  EXPECT_EQ(judge_quality("ㅋㅋㅋㅋ ㅠㅠ", {}), DropReason::kNone);
}

TEST(Quality, TheHangulShareIsOfTheLetters) {
  const std::string half = "가나다라 abcd 1234567890 !!!!!! \u2606\u2606\u2606\u2606";
  QualityConfig config;
  config.min_hangul_share = 0.5;
  EXPECT_EQ(judge_quality(half, config), DropReason::kNone);
  config.min_hangul_share = 0.51;
  EXPECT_EQ(judge_quality(half, config), DropReason::kLanguage);
}

TEST(Quality, FewWordsAreJudgedByTheirLanguageAlone) {
  EXPECT_EQ(judge_quality(times("차림표\n", 49), {}), DropReason::kNone);
  EXPECT_EQ(judge_quality(times("차림표\n", 50), {}), DropReason::kFewStopWords);
}

TEST(Quality, WordsThatAreTooLongAreDropped) {
  std::string text = prose();
  for (int i = 0; i < 60; ++i) text += times("긴글", 20 + i % 7) + times("말", i) + "을 적었다.\n";
  expect_dropped(text, DropReason::kWordLength, [](QualityConfig& config) { config.max_word_chars = 1e9; });
}

TEST(Quality, WordsWithoutLettersAreDropped) {
  std::string text = prose();
  for (int i = 0; i < 60; ++i) text += std::to_string(i * i) + " + " + std::to_string(i * 77) + " = ";
  expect_dropped(text, DropReason::kFewLetters, [](QualityConfig& config) { config.min_letter_word_share = 0; });
}

TEST(Quality, ListsWithoutStopWordsAreDropped) {
  std::string text;
  for (const char* first : {"찌개", "국밥", "냉면", "김밥", "비빔밥", "만두", "두부", "식혜"}) {
    for (const char* second : {"집", "솥", "그릇", "접시", "국물", "상자", "잔치", "골목"})
      text += std::string(first) + second + " ";
    text += "끓는다. ";
  }
  expect_dropped(text, DropReason::kFewStopWords, [](QualityConfig& config) { config.min_stop_words = 0; });
}

TEST(Quality, HashesAndEllipsesAreDropped) {
  std::string hashes, ellipses, dots;
  const std::string lines = prose();
  for (const char c : lines) {
    hashes += c == ' ' ? " ##" : std::string(1, c);
    ellipses += c == ' ' ? "… " : std::string(1, c);
    dots += c == ' ' ? "... " : std::string(1, c);
  }
  const auto off = [](QualityConfig& config) {
    config.max_hashes_per_word = config.max_ellipses_per_word = 10;
    config.min_letter_word_share = 0;
  };
  const auto judge = [](const std::string& text) {
    QualityConfig config;
    config.min_letter_word_share = 0;
    return judge_quality(text, config);
  };
  EXPECT_EQ(judge(hashes), DropReason::kHashes);
  EXPECT_EQ(judge(ellipses), DropReason::kEllipses);
  EXPECT_EQ(judge(dots), DropReason::kEllipses);
  for (const std::string& text : {hashes, ellipses, dots}) {
    QualityConfig config;
    off(config);
    EXPECT_EQ(judge_quality(text, config), DropReason::kNone);
  }
}

TEST(Quality, LinesThatTrailOffAreDropped) {
  std::string text;
  const std::string lines = prose();
  for (const char c : lines) text += c == '\n' ? "..\n" : std::string(1, c);
  expect_dropped(text, DropReason::kEllipses, [](QualityConfig& config) { config.max_ellipsis_line_share = 1; });
}

TEST(Quality, BulletsAloneAreDropped) {
  std::string text = "- ";
  const std::string lines = prose();
  for (const char c : lines.substr(0, lines.size() - 1)) text += c == '\n' ? "\n - " : std::string(1, c);
  expect_dropped(text, DropReason::kBullets, [](QualityConfig& config) { config.max_bullet_line_share = 1; });
  EXPECT_EQ(judge_quality(text + "\n" + times("가을이 깊었다.\n", 1) + "겨울이 왔다.\n봄이 왔다.\n", {}),
            DropReason::kNone)
      << "nine of ten may be";
}

TEST(Quality, LinesThatEndNoSentenceAreDropped) {
  std::string text;
  const std::string lines = prose();
  for (const char c : lines) text += c == '.' ? "" : std::string(1, c);
  expect_dropped(text, DropReason::kUnendedLines, [](QualityConfig& config) { config.min_ended_line_share = 0; });
  EXPECT_EQ(judge_quality("1. " + text, {}), DropReason::kUnendedLines) << "a number in a list";
}

TEST(Quality, ASentenceMayEndWithinTheLine) {
  std::string text;
  const std::string lines = prose();
  for (const char c : lines) text += c == '\n' ? " 끝\n" : std::string(1, c);
  EXPECT_EQ(judge_quality(text, {}), DropReason::kNone);
}

TEST(Quality, ListsOfShortLinesAreDropped) {
  std::string text;
  const std::string words = prose();
  int spaces = 0;
  for (const char c : words) text += c == ' ' && ++spaces % 2 == 0 ? "\n" : std::string(1, c);
  expect_dropped(text, DropReason::kManyLines, [](QualityConfig& config) { config.max_line_breaks_per_word = 9; });
}

TEST(Quality, ABlankLineIsNoSecondLineBreak) {
  std::string text;
  const std::string lines = prose();
  for (const char c : lines) text += c == '\n' ? "\n\n \n\n" : std::string(1, c);
  EXPECT_EQ(judge_quality(text, {}), DropReason::kNone);
}

TEST(Quality, RepeatedLinesAreDropped) {
  const auto off = [](QualityConfig& config) {
    config.max_repeated_line_share = config.max_repeated_line_char_share = 1;
    config.max_repeated_5gram_share = config.max_repeated_6gram_share = config.max_repeated_7gram_share = 1;
    config.max_repeated_8gram_share = config.max_repeated_9gram_share = config.max_repeated_10gram_share = 1;
  };
  expect_dropped(prose() + prose(), DropReason::kRepetitiveLines, off);
  expect_dropped(prose() + times("가을이다.\n달은 밝다.\n별도 총총하다.\n", 12), DropReason::kRepetitiveLines, off);
}

TEST(Quality, OnePhraseAllOverIsDropped) {
  std::string text = prose();
  for (int i = 0; i < 80; ++i) text += "무료상담 전화번호 " + std::string(i % 2 ? "을" : "이") + " ";
  expect_dropped(text + ".", DropReason::kTopNgram, [](QualityConfig& config) {
    config.max_top_2gram_share = config.max_top_3gram_share = config.max_top_4gram_share = 1;
    config.max_repeated_5gram_share = config.max_repeated_6gram_share = config.max_repeated_7gram_share = 1;
    config.max_repeated_8gram_share = config.max_repeated_9gram_share = config.max_repeated_10gram_share = 1;
  });
}

TEST(Quality, RepeatedPhrasesAreDropped) {
  std::string text = prose();
  for (int i = 0; i < 12; ++i)
    text += "저희 가게는 " + times("참", i) +
            " 좋은 물건을 싸게 팔고 친절하게 모시며 오늘 주문하면 내일 문 앞에 갖다 드린다.\n";
  expect_dropped(text, DropReason::kRepetitiveNgrams, [](QualityConfig& config) {
    config.max_repeated_5gram_share = config.max_repeated_6gram_share = config.max_repeated_7gram_share = 1;
    config.max_repeated_8gram_share = config.max_repeated_9gram_share = config.max_repeated_10gram_share = 1;
  });
}

TEST(Quality, TextOfAnyKindIsJudged) {
  for (const std::string& text : {std::string(), std::string("\n"), std::string("."), std::string("123"),
                                  std::string(1, '\0'), times("\xFF", 5000)})
    EXPECT_EQ(judge_quality(text, {}), DropReason::kLanguage) << "no Hangul: " << text.size();
}

TEST(Quality, AHugeTextIsJudgedByItsBeginning) {
  std::string text = prose() + prose();
  EXPECT_EQ(judge_quality(text + times("가", 5'000'000), {}), DropReason::kWordLength);
  std::string good;
  for (int i = 0; good.size() < (4U << 20) - 1; ++i) good += "그는 " + std::to_string(i) + "번 길을 건넜다.\n";
  EXPECT_EQ(judge_quality(good, {}), judge_quality(good + times("차림표\n", 3'000'000), {}));
}

}  // namespace
}  // namespace ktlm::corpus
