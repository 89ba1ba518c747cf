// Hostile and broken pages: nothing crashes, the stack stays shallow, time stays linear. No clock is read: with 100,000
// marks, a quadratic step would take minutes and run into the test's time limit. Sanitizers, which make each step some
// times as slow, look for other faults, for which fewer marks do.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "ktlm/core/random.h"
#include "ktlm/text/utf8.h"
#include "ktlm/text/wikitext.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KTLM_SANITIZED
#endif
#endif

namespace ktlm::text {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(KTLM_SANITIZED)
constexpr int kMany = 10'000;
#else
constexpr int kMany = 100'000;
#endif

std::string repeat(std::string_view text, int count) {
  std::string result;
  result.reserve(text.size() * static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

TEST(WikitextFuzz, ManyUnclosedMarksTakeLinearTime) {
  for (const char* mark : {"{{",           "{{{",         "[[",      "\n{|",     "<ref>",     "'''",         "}}",
                           "]]",           "\n|}",        "<!--",    "<nowiki>", "<b ",       "</ref",       "<table>",
                           "[http://a ",   "[http://a] ", "-{",      "&#",       "_",         "__",          "= ",
                           "\n== 각주 ==", "\n*",         "\n|",     "\n!",      "{{인용문|", "{{llang|de|", "[[가|",
                           "[[파일:",      "<sup>",       "({{a}},", "{{a",      "{{a\nb",    "<math><ref>", " {|"}) {
    const std::string text = wikitext_to_text(repeat(mark, kMany));
    EXPECT_TRUE(is_valid_utf8(text)) << mark;
  }
}

TEST(WikitextFuzz, DeepNestingTakesLinearTimeAndAShallowStack) {
  const std::vector<std::pair<std::string, std::string>> marks = {{"{{", "}}"},          {"{{{", "}}}"},
                                                                  {"{{틀|", "}}"},       {"{{인용문|", "}}"},
                                                                  {"{{nowrap|1=", "}}"}, {"[[", "]]"},
                                                                  {"[[가|", "]]"},       {"[[파일:a.jpg|", "]]"},
                                                                  {"{|\n|\n", "\n|}\n"}, {"<table>", "</table>"},
                                                                  {"[http://a ", "]"},   {"-{", "}-"},
                                                                  {"<ref>", "</ref>"},   {"{{llang|de|[[가|", "]]}}"},
                                                                  {"{{[[", "}}]]"},      {"<nowiki>{{", "}}</nowiki>"},
                                                                  {"({{a}}", "{{b}})"},  {"<div>", "</div>"}};
  for (const auto& [open, close] : marks) {
    for (const char* core : {"", "글", "\n글\n", "|"}) {
      const std::string page = repeat(open, kMany) + core + repeat(close, kMany);
      EXPECT_TRUE(is_valid_utf8(wikitext_to_text(page))) << open;
      EXPECT_TRUE(is_valid_utf8(wikitext_to_text(page + page))) << open;
    }
  }
}

TEST(WikitextFuzz, OneLongLineTakesLinearTime) {
  for (const char* piece :
       {"<!-- -->", "{{a}}", "[[가]]", "<ref/>", "|{{a}}", "가, {{a}}", "( {{a}} )", "''", ", 가: {{a}})", "({{a}}",
        ": {{a}}", "<ref <", "<ref <b", "<rt>", "<rtc>", "<rtc><rt>", "<ruby>가<rt>나"}) {
    EXPECT_TRUE(is_valid_utf8(wikitext_to_text("== 각주 ==\n" + repeat(piece, kMany)))) << piece;
    EXPECT_TRUE(is_valid_utf8(wikitext_to_text(repeat(piece, kMany)))) << piece;
    EXPECT_TRUE(is_valid_utf8(wikitext_to_text("|" + repeat(piece, kMany)))) << piece;
  }
}

// Each line of rows is skipped at its own end, whatever number of links follows it.
TEST(WikitextFuzz, ManyRowsOfLinksInAnUnclosedTableTakeLinearTime) {
  EXPECT_EQ(wikitext_to_text("{|" + repeat("\n|[[가]]", 4 * kMany) + "\n글"), "글");
}

TEST(WikitextFuzz, RandomMarkupGivesValidText) {
  const char* pieces[] = {"{{",      "}}",       "[[",           "]]",     "{|",        "|}",     "\n",
                          "|",       "=",        "==",           "'''",    "<ref>",     "</ref>", "<!--",
                          "-->",     "<nowiki>", "</nowiki>",    "<br>",   "*",         "#",      ":",
                          "가",      "글 ",      "llang",        "인용문", "[http://a", "]",      "-{",
                          "}-",      "&amp;",    "__",           "파일:a", "분류:",     "{",      "}",
                          "<table>", "</table>", "<sup>2</sup>", "(",      ")",         ", ",     "각주",
                          "nowrap|", "1=",       "\n== ",        " ==\n",  "\n{|\n",    "\n|}\n", "<pre>",
                          "</pre>"};
  Random random(11);
  for (int i = 0; i < 50'000; ++i) {
    std::string page;
    for (uint64_t n = random.below(40); n > 0; --n) page += pieces[random.below(std::size(pieces))];
    const std::string text = wikitext_to_text(page);
    ASSERT_TRUE(is_valid_utf8(text)) << page;
    ASSERT_LE(text.size(), page.size() * 2 + 16) << page;
    ASSERT_EQ(text.find("\n\n\n"), std::string::npos) << page;
  }
}

// A page as people write them, then cut, doubled and swapped at random: valid text comes of it, whatever is left of the
// markup.
TEST(WikitextFuzz, EditedPagesGiveValidText) {
  const std::string page =
      "{{정보 상자\n| 이름 = {{lang|de|Fluss}}\n| 그림 = a.jpg\n}}\n'''강'''({{llang|de|Fluss}}, {{IPA|a}})은 [[물]]이 "
      "흐르는 "
      "[[지형|땅]]이다.<ref name=\"a\">{{웹 인용|url=http://a.kr|제목=강}}</ref>\n\n== 종류 "
      "==\n[[파일:b.jpg|섬네일|[[큰 강]]의 {{색|red|모습}}]]\n"
      "* [[한강]] ({{변환|494|km}})\n* '''낙동강'''<!-- 둘째 -->\n{| class=\"wikitable\"\n! 강 !! 길이\n|-\n| 한강 || "
      "494\n|}\n"
      "{{인용문|강물이 흐른다.|어느 시인}}\n== 같이 보기 ==\n* [[바다]]\n[[분류:강]]\n";
  std::vector<std::string> characters;
  for (size_t position = 0; position < page.size();) {
    const size_t begin = position;
    decode_utf8(page, position);
    characters.push_back(page.substr(begin, position - begin));
  }
  Random random(12);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::string> edited = characters;
    for (uint64_t n = 1 + random.below(6); n > 0 && !edited.empty(); --n) {
      const auto first = edited.begin() + static_cast<std::ptrdiff_t>(random.below(edited.size()));
      const auto last = first + static_cast<std::ptrdiff_t>(
                                    std::min<uint64_t>(random.below(60), static_cast<uint64_t>(edited.end() - first)));
      if (random.below(2) == 0) {
        edited.erase(first, last);
      } else {
        const std::vector<std::string> copy(first, last);
        edited.insert(edited.begin() + static_cast<std::ptrdiff_t>(random.below(edited.size() + 1)), copy.begin(),
                      copy.end());
      }
    }
    std::string joined;
    for (const std::string& character : edited) joined += character;
    ASSERT_TRUE(is_valid_utf8(wikitext_to_text(joined))) << joined;
  }
}

}  // namespace
}  // namespace ktlm::text
