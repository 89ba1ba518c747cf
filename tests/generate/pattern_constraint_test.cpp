#include "ktlm/generate/pattern_constraint.h"

#include <gtest/gtest.h>

#include "generate/tiny_cpu_model.h"
#include "ktlm/core/random.h"
#include "ktlm/generate/generator.h"
#include "ktlm/text/utf8.h"

namespace ktlm::generate {
namespace {

PatternConstraint constraint_of(const std::string& regex) {
  return PatternConstraint(std::make_shared<TextPattern>(regex, "--regex"));
}

// All bytes, and some pieces of several characters.
std::vector<std::string> tiny_vocabulary() {
  std::vector<std::string> tokens = {"안녕", "하세요", "가나다", " 12", "123", "ab", "abc", "\": \"", "😀😀", "é"};
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  return tokens;
}

TEST(PatternConstraint, HalfACharacterIsAllowedWhereACharacterOfThePatternBeginsSo) {
  PatternConstraint constraint = constraint_of("뷁!");  // EB B7 81
  EXPECT_FALSE(constraint.allows("\xEA"));
  EXPECT_FALSE(constraint.allows("\x81"));
  ASSERT_TRUE(constraint.allows("\xEB"));
  constraint.accept("\xEB");
  EXPECT_FALSE(constraint.may_end());
  EXPECT_FALSE(constraint.allows("\xB8"));
  EXPECT_FALSE(constraint.allows("!"));
  EXPECT_TRUE(constraint.allows("\xB7\x81!"));
  ASSERT_TRUE(constraint.allows("\xB7"));
  constraint.accept("\xB7");
  EXPECT_FALSE(constraint.allows("\x80"));
  ASSERT_TRUE(constraint.allows("\x81"));
  constraint.accept("\x81");
  EXPECT_FALSE(constraint.may_end());
  constraint.accept("!");
  EXPECT_TRUE(constraint.may_end());
}

TEST(PatternConstraint, TellsOfEachCharacterWhatThePatternSays) {
  for (const std::string regex :
       {"[가-깋낗]x|[^ㄱ-힣é]y", "[^\"\\\\]|[\\x{80}-\\x{7FF}]가", "(?i)[k-m가]", "\\w|[☃-☆]", "[😀-😂]x|뷁"}) {
    const auto pattern = std::make_shared<TextPattern>(regex, "--regex");
    PatternConstraint constraint(pattern);
    PatternMatcher matcher(pattern);
    for (char32_t code_point = 0; code_point <= 0x1F700; code_point += code_point < 0x3200 ? 1 : 7) {
      if (code_point >= 0xD800 && code_point <= 0xDFFF) continue;
      std::string character;
      text::append_utf8(character, code_point);
      ASSERT_EQ(constraint.allows(character), matcher.fits(character)) << regex << " of " << character;
    }
    for (const std::string character :
         {"가", "깋", "깎", "까", "낖", "낗", "나", "힣", "힤", "\u212A", "\u017F", "😂", "😃", "뷀", "뷁", "뷂"})
      ASSERT_EQ(constraint.allows(character), matcher.fits(character)) << regex << " of " << character;
  }
}

TEST(PatternConstraint, MalformedBytesAreNeverAllowed) {
  PatternConstraint constraint = constraint_of("(?s).*");
  for (const std::string bytes :
       {"\x80", "\xC0", "\xC1\xBF", "\xE0\x80", "\xED\xA0", "\xF4\x90", "\xF5", "\xFF", "a\x80"})
    EXPECT_FALSE(constraint.allows(bytes));
  for (const std::string bytes : {"\xC2", "\xE0\xA0", "\xED\x9F", "\xF0", "\xF0\x90", "\xF4\x8F", "가\xEA\xB0"})
    EXPECT_TRUE(constraint.allows(bytes));
}

TEST(PatternConstraint, ACloneGoesItsOwnWay) {
  PatternConstraint constraint = constraint_of("a(?:bb|cc)");
  constraint.accept("a");
  const auto clone = constraint.clone();
  clone->accept("bb");
  EXPECT_TRUE(clone->may_end());
  EXPECT_TRUE(constraint.allows("cc"));
  EXPECT_FALSE(constraint.may_end());
}

std::vector<Generation> draw(const std::shared_ptr<const TextPattern>& pattern, int64_t seed, int64_t num_texts,
                             int64_t max_new_tokens, std::vector<std::string> stop_strings = {}) {
  static const test::TemporaryDirectory directory;
  static const tokenizer::Tokenizer tokenizer = test::make_tiny_tokenizer(directory / "tokenizer");
  static const test::TinyCpuModel model(tokenizer.vocab_size());
  GenerationOptions options;
  options.sampling.temperature = 1.5;
  options.sampling.max_new_tokens = max_new_tokens;
  options.sampling.seed = seed;
  options.stop_strings = std::move(stop_strings);
  options.constraint = std::make_shared<PatternConstraint>(pattern);
  const std::vector<std::string> prompts(static_cast<size_t>(num_texts), "서울은");
  return generate(model.get(), tokenizer, prompts, options);
}

bool is_match(const std::shared_ptr<const TextPattern>& pattern, const std::string& text) {
  PatternMatcher matcher(pattern);
  if (!text.empty()) matcher.append(text);
  return matcher.matches();
}

TEST(PatternConstraint, EveryTextOfAModelMatchesOrIsABeginning) {
  for (const std::string regex : {"[가-힣]{1,6}", "(?:봄|여름|가을|겨울|뷁)(?:, (?:봄|여름|가을|겨울|뷁)){0,3}",
                                  "[0-9]{3}-[0-9]{4}", "[^ㄱ-힣a-z]{2,9}", "답: (?:예|아니오)\\."}) {
    const auto pattern = std::make_shared<TextPattern>(regex, "--regex");
    for (int64_t seed = 0; seed < 40; seed += 8) {
      for (const Generation& generation : draw(pattern, seed, 8, 60)) {
        EXPECT_EQ(to_string(generation.finish), "eos") << generation.text;
        EXPECT_TRUE(is_match(pattern, generation.text)) << regex << " by " << generation.text;
      }
      for (const Generation& generation : draw(pattern, seed, 8, 2)) {
        PatternMatcher matcher(pattern);
        // A character that the limit cut in two is shown as U+FFFD.
        const std::string text = generation.text.substr(0, generation.text.find("\xEF\xBF\xBD"));
        EXPECT_TRUE(text.empty() || matcher.fits(text)) << regex << " by " << generation.text;
        EXPECT_TRUE(generation.finish == FinishReason::kLength || is_match(pattern, generation.text))
            << generation.text;
      }
    }
  }
}

TEST(PatternConstraint, AStopStringEndsATextEarlier) {
  const auto pattern = std::make_shared<TextPattern>("[0-9]{3}-[0-9]{4}", "--regex");
  for (const Generation& generation : draw(pattern, 3, 8, 60, {"-"})) {
    EXPECT_EQ(to_string(generation.finish), "stop");
    EXPECT_EQ(generation.text.size(), 3u);
  }
}

// Whatever is drawn, the text can go on until it is a match.
TEST(PatternConstraint, NoTextGetsIntoACorner) {
  const std::vector<std::string> tokens = tiny_vocabulary();
  Random random(1);
  bool half_came = false;
  for (const std::string regex :
       {"[가-힣]{2,5} [0-9]{2,4}", "[^가-힣]{3}", "(?:😀|🙂|é){2,5}", "\\w{4}", "\\p{Han}{2}",
        "\"(?:[^\"\\\\]|\\\\.){3,6}\"", "[\\x{AC00}-\\x{AC0F}]{3}", "(?:안녕)+하세요[.!?]", "[^\\x00-\\x{FFFF}]{2}",
        "(?i)é{2}", "(?<list>\\[(?:가|(?&list)){0,2}\\])"}) {
    for (int repetition = 0; repetition < 8; ++repetition) {
      PatternConstraint constraint = constraint_of(regex);
      std::string text;
      for (int step = 0; step < 60; ++step) {
        std::vector<std::string> allowed;
        for (const std::string& token : tokens)
          if (constraint.allows(token)) allowed.push_back(token);
        if (allowed.empty() || (constraint.may_end() && random.below(3) == 0)) break;
        const std::string& token = allowed[random.below(allowed.size())];
        text += token;
        constraint.accept(token);
        half_came |= !text::is_valid_utf8(text);
      }
      EXPECT_TRUE(constraint.may_end()) << regex << " by " << text;
      PatternMatcher matcher(std::make_shared<TextPattern>(regex, "--regex"));
      ASSERT_TRUE(text::is_valid_utf8(text)) << regex;
      matcher.append(text);
      EXPECT_TRUE(matcher.matches()) << regex << " by " << text;
    }
  }
  EXPECT_TRUE(half_came);
}

}  // namespace
}  // namespace ktlm::generate
