#include "answer_wrap.h"

#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "ktlm/text/utf8.h"
#include "ktlm/text/width.h"

namespace ktlm::cli {
namespace {

std::string wrapped(const std::string& text, size_t columns) {
  AnswerWrap wrap;
  const std::string begin = wrap.feed(text, columns);
  return begin + wrap.finish(columns);
}

TEST(AnswerWrap, BreaksBetweenWordsAtTheLastColumn) {
  EXPECT_EQ(wrapped("나는 학교에 간다", 12), "나는 학교에\n간다");
  EXPECT_EQ(wrapped("나는 학교에 간다", 11), "나는 학교에\n간다");  // to the last column
  EXPECT_EQ(wrapped("나는 학교에 간다", 10), "나는\n학교에\n간다");
  EXPECT_EQ(wrapped("가 나\n다  라\n\n마", 80), "가 나\n다  라\n\n마");
}

TEST(AnswerWrap, AWordLongerThanTheLineIsBrokenBetweenCharacters) {
  EXPECT_EQ(wrapped("가나다라마", 5), "가나\n다라\n마");
  EXPECT_EQ(wrapped("아 가나다라마", 6), "아\n가나다\n라마");
  EXPECT_EQ(wrapped("가e\u0301e\u0301나", 4), "가e\u0301e\u0301\n나");  // marks stay with their letter
}

TEST(AnswerWrap, HoldsBackNoMoreThanTheLastWord) {
  AnswerWrap wrap;
  EXPECT_EQ(wrap.feed("나는 학", 80), "나는");
  EXPECT_EQ(wrap.feed("교에", 80), "");
  EXPECT_EQ(wrap.feed(" ", 80), " 학교에");
  EXPECT_EQ(wrap.feed("\n", 80), "\n");
  EXPECT_EQ(wrap.finish(80), "");
}

TEST(AnswerWrap, TablesAndFencedCodeStayAsTheyAre) {
  const std::string markdown = "| 가나다 | 라마바 |\n|---|---|\n```cpp\nint main() { return 0; }\n```";
  EXPECT_EQ(wrapped(markdown, 8), markdown);
  EXPECT_EQ(wrapped(markdown + "\n가나 다라 마바", 9), markdown + "\n가나 다라\n마바");
}

TEST(AnswerWrap, KeepsIndentationAndWritesTabsAsSpaces) {
  EXPECT_EQ(wrapped("- 가\n  - 나\n\t다", 20), "- 가\n  - 나\n        다");
}

TEST(AnswerWrap, ControlCharactersDoNotReachTheTerminal) {
  EXPECT_EQ(wrapped("가\x1b[2J\u009b나\x07", 80), "가\uFFFD[2J\uFFFD나\uFFFD");
}

TEST(AnswerWrap, OnlySpacesAndLineEndsChangeHoweverTheTextIsCut) {
  const std::vector<std::string> parts = {"가",  "나다",    " ",  "  ",   "\n",
                                          "abc", "e\u0301", "漢", "ㅋㅋ", "라마바사아자차카타파하"};
  std::mt19937 random(1);
  const auto visible = [](const std::string& text) {
    std::string kept;
    for (const char c : text)
      if (c != ' ' && c != '\n') kept += c;
    return kept;
  };
  for (int i = 0; i < 500; ++i) {
    std::string text, shown;
    AnswerWrap wrap;
    const size_t columns = 2 + random() % 12;
    for (int j = 0; j < 30; ++j) {
      const std::string& part = parts[random() % parts.size()];
      text += part;
      shown += wrap.feed(part, columns);
      EXPECT_TRUE(text::is_valid_utf8(shown));
    }
    shown += wrap.finish(columns);
    EXPECT_EQ(shown, wrapped(text, columns));
    EXPECT_EQ(visible(shown), visible(text));
    std::istringstream lines(shown);
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(text::column_width(line.substr(std::min(line.size(), line.find_first_not_of(' ')))), columns) << text;
  }
}

}  // namespace
}  // namespace ktlm::cli
