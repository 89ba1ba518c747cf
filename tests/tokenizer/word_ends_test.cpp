#include "word_ends.h"

#include <gtest/gtest.h>

#include <string>

namespace ktlm::tokenizer {
namespace {

// "책|을": the particle or ending behind a bar; the word alone where none is seen.
std::string marked(const std::string& word, WordEndKind kind) {
  const WordEnd end = find_word_end(word);
  return end.kind == kind ? word.substr(0, end.stem_bytes) + "|" + word.substr(end.stem_bytes) : word;
}
std::string particle_of(const std::string& word) { return marked(word, WordEndKind::kParticle); }
std::string ending_of(const std::string& word) { return marked(word, WordEndKind::kEnding); }

TEST(WordEnds, ParticlesBeginBehindTheStem) {
  EXPECT_EQ(particle_of("책을"), "책|을");
  EXPECT_EQ(particle_of("나무가"), "나무|가");
  EXPECT_EQ(particle_of("서울까지"), "서울|까지");
  EXPECT_EQ(particle_of("2024년에"), "2024년|에");
  EXPECT_EQ(particle_of("선생님께서"), "선생님|께서");
}

TEST(WordEnds, TwoParticlesBeginWhereTheFirstDoes) {
  EXPECT_EQ(particle_of("서울에서는"), "서울|에서는");
  EXPECT_EQ(particle_of("학교까지만"), "학교|까지만");
  EXPECT_EQ(particle_of("친구에게도"), "친구|에게도");
}

TEST(WordEnds, TheFinalConsonantDecides) {
  EXPECT_EQ(particle_of("돈은"), "돈|은");
  EXPECT_EQ(particle_of("시은"), "시은");  // a vowel takes 는
  EXPECT_EQ(particle_of("배를"), "배|를");
  EXPECT_EQ(particle_of("집를"), "집를");
  EXPECT_EQ(particle_of("길로"), "길|로");  // ㄹ takes 로, as a vowel does
  EXPECT_EQ(particle_of("집으로"), "집|으로");
  EXPECT_EQ(particle_of("집로"), "집로");
}

TEST(WordEnds, VerbsAndWholeWordsHaveNoParticle) {
  for (const std::string word :
       {"좋은", "먹을", "많이", "하는", "있다는", "하지만", "하다가", "해도", "국가", "바로", "을", "a", "가"})
    EXPECT_EQ(particle_of(word), word);
}

TEST(WordEnds, EndingsThatBeginASyllable) {
  EXPECT_EQ(ending_of("읽습니다"), "읽|습니다");
  EXPECT_EQ(ending_of("먹었다"), "먹|었다");
  EXPECT_EQ(ending_of("읽고"), "읽|고");
  EXPECT_EQ(ending_of("합니다"), "합니다");  // 하 + ㅂ니다
  EXPECT_EQ(ending_of("그리고"), "그리고");
  EXPECT_EQ(ending_of("학생이라고"), "학생이라고");  // a particle
}

TEST(WordEnds, StemsOfOtherScriptsAreLeftOut) {
  for (const std::string word : {"PDF를", "3은", "漢字가"})
    EXPECT_EQ(find_word_end(word).kind, WordEndKind::kNone) << word;
}

}  // namespace
}  // namespace ktlm::tokenizer
