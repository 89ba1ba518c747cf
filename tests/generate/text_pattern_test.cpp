#include "ktlm/generate/text_pattern.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "error_message.h"

namespace ktlm::generate {
namespace {

using test::error_message;

std::shared_ptr<const TextPattern> pattern_of(const std::string& regex) {
  return std::make_shared<TextPattern>(regex, "--regex");
}

// Taken in character by character, as a text that is drawn is.
bool matches(const std::string& regex, const std::vector<std::string>& characters) {
  PatternMatcher matcher(pattern_of(regex));
  for (const std::string& character : characters) {
    if (!matcher.fits(character)) return false;
    matcher.append(character);
  }
  return matcher.matches();
}

std::vector<std::string> words_over(const std::string& alphabet, size_t longest) {
  std::vector<std::string> words = {""};
  for (size_t begin = 0; words.back().size() < longest;) {
    const size_t end = words.size();
    for (; begin < end; ++begin)
      for (const char c : alphabet) words.push_back(words[begin] + c);
  }
  return words;
}

// The obvious version: a text fits where a longer one that begins with it is a match for the standard library.
TEST(TextPattern, FitsWhereSomeMatchBeginsSo) {
  const std::vector<std::string> longer = words_over("abc", 7), texts = words_over("abc", 4);
  for (const std::string regex :
       {"abc", "a|ab", "a*", "a*b", "(?:ab){2,3}", "(a|b)*c", "a(?:b|c){2}", "[^a]+", "(?:a|ab)(?:c|bcb)", "a?b?c?",
        "^ab$|^b", "(?:a*)*b", "(?:(?:ab?)+c){1,2}", "a+?b+?", "\\bab\\b", "a\\Bb*"}) {
    std::set<std::string> beginnings;
    const std::regex reference(regex);
    for (const std::string& word : longer)
      if (std::regex_match(word, reference))
        for (size_t size = 0; size <= word.size(); ++size) beginnings.insert(word.substr(0, size));
    for (const std::string& text : texts) {
      PatternMatcher matcher(pattern_of(regex));
      bool fits = true;
      for (const char c : text) {
        fits = matcher.fits(std::string(1, c));
        EXPECT_EQ(fits, beginnings.contains(matcher.text() + c)) << regex << " after " << matcher.text() << c;
        if (!fits) break;
        matcher.append(std::string(1, c));
      }
      EXPECT_EQ(fits && matcher.matches(), std::regex_match(text, reference)) << regex << " of " << text;
    }
  }
}

TEST(TextPattern, PiecesOfAnySizeGiveTheSame) {
  for (const std::string regex : {"(?:ab|c)*d", "(?>ab|a)(?:c|bc)d", "(?:ab)*+cd", "(?x) (?:ab)* + cd",
                                  "(?:ab|b)*(?<=ab|[b])(?<!bb)cd", "(?:(?<!b)a|(?:b(?<=ab|xb))+)*c(?<=(?:bc))d"}) {
    for (const std::string text : {"abcd", "ababcd", "abbcd"}) {
      for (size_t cut = 0; cut < text.size(); ++cut) {
        PatternMatcher whole(pattern_of(regex)), cut_up(pattern_of(regex));
        if (cut > 0 && cut_up.fits(text.substr(0, cut))) cut_up.append(text.substr(0, cut));
        if (cut > 0 && cut_up.text().empty()) continue;
        EXPECT_EQ(cut_up.fits(text.substr(cut)), whole.fits(text)) << regex << " of " << text << " at " << cut;
      }
    }
  }
}

TEST(TextPattern, KnowsHangulAndOtherCharacters) {
  EXPECT_TRUE(matches("[가-힣]+", {"한", "글"}));
  EXPECT_FALSE(matches("[가-힣]+", {"한", "a"}));
  EXPECT_FALSE(matches("[가-힣]+", {}));
  EXPECT_TRUE(matches("\\w{2}", {"한", "a"}));
  EXPECT_TRUE(matches(".\\p{Hangul}", {"😀", "글"}));
  EXPECT_TRUE(matches("[^가-힣]", {"😀"}));
}

TEST(TextPattern, WhatLooksBackSeesTheTextSoFar) {
  EXPECT_TRUE(matches("(?:가|나)+(?<=나)다", {"가", "나", "다"}));
  EXPECT_FALSE(matches("(?:가|나)+(?<=나)다", {"나", "가", "다"}));
  EXPECT_FALSE(matches("가(?<!가)나", {"가", "나"}));
}

TEST(TextPattern, SubroutinesMayNestTheText) {
  const std::string nested = "(?<list>\\[(?:(?&list))*\\])";
  EXPECT_TRUE(matches(nested, {"[", "[", "]", "[", "[", "]", "]", "]"}));
  EXPECT_FALSE(matches(nested, {"[", "[", "]"}));
  EXPECT_FALSE(matches(nested, {"[", "]", "]"}));
}

// More ways at once than PCRE2's workspace holds at first.
TEST(TextPattern, ManyWaysAtOnceAreFollowed) {
  std::string regex = "(?:";
  for (int i = 0; i < 300; ++i) regex += "a{" + std::to_string(i) + "}b|";
  regex += "c)+";
  PatternMatcher matcher(pattern_of(regex));
  for (int i = 0; i < 120; ++i) {
    const std::string letter = i % 40 == 39 ? "b" : "a";
    ASSERT_TRUE(matcher.fits(letter)) << i;
    ASSERT_EQ(matcher.fits("c"), i % 40 == 0) << i;
    matcher.append(letter);
    EXPECT_EQ(matcher.matches(), letter == "b") << i;
  }
  PatternMatcher copy(matcher);
  EXPECT_TRUE(copy.matches());
  EXPECT_TRUE(copy.fits("aab"));
}

TEST(TextPattern, RefusesWhatIsNoExpressionWithItsPlace) {
  const auto fault = [](const std::string& regex) { return error_message([&] { pattern_of(regex); }); };
  EXPECT_EQ(fault("(가"), "--regex: missing closing parenthesis (at byte 4 of \"(가\")");
  EXPECT_EQ(fault("[a"), "--regex: missing terminating ] for character class (at byte 2 of \"[a\")");
  EXPECT_EQ(fault("(a)\\1"),
            "--regex: \"(a)\\1\" refers back to what a group matched, which can't be held while a text is drawn");
  EXPECT_EQ(
      fault("(?:가[나다]{9}){9000}"),
      "--regex: the regular expression is larger than PCRE2 takes, 64 KB once compiled; lower the counts of groups and "
      "items ({0,100}, minItems, maxItems), or give a schema's properties and items a type");
  EXPECT_EQ(fault("a{70000}"),
            "--regex: a count is larger than PCRE2 takes, 65535; lower it, such as {0,1000}, or minItems, maxItems, "
            "minLength and maxLength of a schema");
  EXPECT_EQ(fault("a(?!b)."), "--regex: \"a(?!b).\" looks ahead by \"(?!\", where nothing is drawn yet");
  EXPECT_EQ(fault("\xEA"), "--regex: the regular expression is no UTF-8");
}

// Also where a text gets to it late, so that no work is lost.
TEST(TextPattern, RefusesWhatTheMatcherDoesNotKnowBeforeAnyTextIsDrawn) {
  const std::vector<std::pair<std::string, std::string>> unknown = {
      {"ab\\Kc", "\\K"},       {"(a)b(?(R1)b|c)", "(?(R1)"}, {"ab(*PRUNE)c", "(*PRUNE"},
      {"a(*plb:a)b", "(*plb"}, {"ab(*ACCEPT)c", "(*ACCEPT"}, {"a(*sr:b)", "(*sr"},
      {"a(?<*a)b", "(?<*"}};
  for (const auto& [regex, item] : unknown)
    EXPECT_EQ(error_message([&] { pattern_of(regex); }),
              "--regex: \"" + regex + "\" holds \"" + item + "\", which can't be followed while a text is drawn");
  for (const std::string item : {"(?=", "(?!", "(?*", "[[:<:]]"})
    EXPECT_EQ(error_message([&] { pattern_of("a" + item + (item[0] == '(' ? "b)b" : "b")); }),
              "--regex: \"a" + item + (item[0] == '(' ? "b)b" : "b") + "\" looks ahead by \"" + item +
                  "\", where nothing is drawn yet");
  for (const std::string regex :
       {"a(?(1)b|c)()", "(?<n>a)?b(?(<n>)b|c)", "b(?<R>a)?(?(R)b|c)", "a(b)\\g{-1}", "a(?<n>b)\\k'n'"})
    EXPECT_EQ(
        error_message([&] { pattern_of(regex); }),
        "--regex: \"" + regex + "\" refers back to what a group matched, which can't be held while a text is drawn");
}

TEST(TextPattern, WhatOnlyLooksLikeAGroupIsTaken) {
  EXPECT_TRUE(matches("[0-9(*)]+", {"1", "(", "*", ")"}));
  EXPECT_TRUE(matches("[](?=]+", {"]", "(", "?", "="}));
  EXPECT_TRUE(matches("[^](?=]", {"x"}));
  EXPECT_TRUE(matches("[[:alpha:](?=]+", {"x", "(", "?", "="}));
  EXPECT_TRUE(matches("[\\Q]\\E(?=]+", {"]", "(", "?", "="}));
  EXPECT_TRUE(matches("\\Q(?=\\E\\(\\?=", {"(", "?", "=", "(", "?", "="}));
  EXPECT_TRUE(matches("a(?#(?=)b", {"a", "b"}));
  EXPECT_TRUE(matches("(?x)a # (?= [\n[(?=]((?-x)#)\\# b", {"a", "(", "#", "#", "b"}));
  EXPECT_TRUE(matches("a\\\\Kb", {"a", "\\", "K", "b"}));
  EXPECT_TRUE(matches("(?(DEFINE)(?<ab>ab))(?&ab)c", {"a", "b", "c"}));
  EXPECT_TRUE(matches("ab(?(?<=b)c|d)", {"a", "b", "c"}));
}

TEST(TextPattern, BordersAreWhatItsCharactersAreWrittenAs) {
  const std::vector<char32_t> around = {0xAC0F, 0xAC10, 0xAC11};
  for (const std::string regex : {"감", "[감]", "\\x{AC10}", "[\\x{ac10}]", "\\N{U+AC10}", "[\\N{U+AC10}]",
                                  "\\o{126020}", "\\Q감\\E", "(?#각)감", "(?x)감 # 각"})
    EXPECT_EQ(pattern_of(regex)->borders(), around) << regex;
  EXPECT_EQ(pattern_of("\\xE9")->borders(), (std::vector<char32_t>{0xE8, 0xE9, 0xEA}));
  EXPECT_EQ(pattern_of("[\\351-\\360]")->borders(), (std::vector<char32_t>{0xE8, 0xE9, 0xEA, 0xEF, 0xF0, 0xF1}));
  EXPECT_TRUE(pattern_of("a\\x41\\012\\p{Hangul}")->borders().empty());
}

TEST(TextPattern, KnowsWhetherItsBordersAreAll) {
  for (const std::string regex :
       {"감|[각-힣]{2,}", "(?:(?<!\\{), |(?<=\\{))\"a\"", R"([^"\\\x00-\x1F]*)", "([가-나])\\x{AC10}"})
    EXPECT_TRUE(pattern_of(regex)->has_borders_alone()) << regex;
  for (const std::string regex : {"(?i)k", "(?i:k)", "\\w", "[\\d]", "[[:alpha:]]", "\\p{Hangul}", ".", "a\\b", "a$"})
    EXPECT_FALSE(pattern_of(regex)->has_borders_alone()) << regex;
}

}  // namespace
}  // namespace ktlm::generate
