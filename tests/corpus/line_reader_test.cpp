#include "line_reader.h"

#include <gtest/gtest.h>

#include "corpus_fixtures.h"
#include "error_message.h"

namespace ktlm::corpus {
namespace {

std::vector<std::string> lines_of(const std::string& content, size_t step) {
  test::MemorySource source(content, step);
  LineReader reader(source, "a.txt");
  std::vector<std::string> lines;
  std::string_view line;
  while (reader.next(line)) lines.emplace_back(line);
  EXPECT_EQ(reader.line_number(), static_cast<int64_t>(lines.size()));
  EXPECT_EQ(reader.bytes_taken(), static_cast<int64_t>(content.size()));
  return lines;
}

TEST(LineReader, LinesComeWithoutTheirEnds) {
  for (const size_t step : {size_t{1}, size_t{3}, SIZE_MAX}) {
    EXPECT_EQ(lines_of("가\n\n나\r\n다", step), (std::vector<std::string>{"가", "", "나", "다"}));
    EXPECT_EQ(lines_of("가\n", step), (std::vector<std::string>{"가"}));
    EXPECT_EQ(lines_of("\n", step), (std::vector<std::string>{""}));
    EXPECT_EQ(lines_of("", step), (std::vector<std::string>{}));
  }
}

TEST(LineReader, LinesLongerThanTheBufferAreWhole) {
  const std::string longest(3'000'000, 'x');
  EXPECT_EQ(lines_of("a\n" + longest + "\nb", 100'000), (std::vector<std::string>{"a", longest, "b"}));
}

TEST(LineReader, ALineWithoutEndIsAnError) {
  test::MemorySource source("short\n" + std::string(3'000'000, 'x'));
  LineReader reader(source, "a.jsonl", 1'000'000);
  std::string_view line;
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(test::error_message([&] { reader.next(line); }),
            "a.jsonl:2: line longer than 1.0 MB; expected one JSON object a line");
}

}  // namespace
}  // namespace ktlm::corpus
