#include "ktlm/tokenizer/token_stream.h"

#include <gtest/gtest.h>

#include <cstring>

#include "error_message.h"
#include "ktlm/core/error.h"
#include "ktlm/core/random.h"
#include "ktlm/text/normalize.h"
#include "training_text.h"

namespace ktlm::tokenizer {
namespace {

using test::error_message;

const Tokenizer& fixture() {
  static const Tokenizer tokenizer = Tokenizer::load(kTokenizerData / "trained");
  return tokenizer;
}

struct Result {
  std::string text;
  StreamCounts counts;
};

// Feeds `input` in parts of at most `part_bytes`, as a pipe does.
Result convert(const std::string& input, const StreamFormat& format, size_t part_bytes = 1 << 20, size_t threads = 2) {
  size_t position = 0;
  const ReadBytes read = [&](char* buffer, size_t size) -> std::optional<size_t> {
    const size_t count = std::min({size, part_bytes, input.size() - position});
    std::memcpy(buffer, input.data() + position, count);
    position += count;
    return count;
  };
  Result result;
  result.counts = convert_stream(
      fixture(), format, "standard input", read, [&](std::string_view bytes) { result.text += bytes; }, threads);
  return result;
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::string ids_of(const std::string& text) {
  std::string ids;
  for (const TokenId id : fixture().encode(text)) ids += (ids.empty() ? "" : " ") + std::to_string(id);
  return ids;
}

TEST(TokenStream, ALineOfTextIsALineOfIds) {
  EXPECT_EQ(convert("할머니가\n\n책을 읽는다", {}).text, ids_of("할머니가") + "\n\n" + ids_of("책을 읽는다") + "\n");
  EXPECT_EQ(convert("할머니가\r\n책을\r\n", {}).text, ids_of("할머니가") + "\n" + ids_of("책을") + "\n");
  EXPECT_EQ(convert("", {}).text, "");
}

TEST(TokenStream, OrderAndIdsAreTheSameWhateverThePartsAndThreads) {
  const std::string text = joined_lines(training_lines()) + "끝에는 줄 바꿈이 없다";
  const std::string expected = convert(text, {}, 1 << 20, 1).text;
  for (const size_t part_bytes : {1, 7, 1000})
    for (const size_t threads : {1, 3}) EXPECT_EQ(convert(text, {}, part_bytes, threads).text, expected);
}

TEST(TokenStream, DecodingLinesGivesTheNormalisedLinesBack) {
  // A line end inside a line, such as U+2028, becomes a newline: only lines without one come back as lines.
  std::string text, expected;
  for (const std::string& line : odd_lines(3000, 11)) {
    const std::string normal = text::normalize(line);
    if (normal.find('\n') != std::string::npos) continue;
    text += line + "\n";
    expected += normal + "\n";
  }
  for (const bool pieces : {false, true}) {
    const std::string tokens = convert(text, {.pieces = pieces}, 1000).text;
    EXPECT_EQ(convert(tokens, {.decode = true, .pieces = pieces}, 1000).text, expected);
  }
}

TEST(TokenStream, AWholeTextComesBackToTheByte) {
  for (const std::string text : {"한 줄\n", "줄 끝 없음", "\n\n", "", "탭\t과  빈칸 \n 줄\n\n끝"}) {
    for (const bool pieces : {false, true}) {
      const std::string tokens = convert(text, {.pieces = pieces, .whole = true}, 5).text;
      EXPECT_EQ(std::ranges::count(tokens, '\n'), 1) << text;
      EXPECT_EQ(convert(tokens, {.decode = true, .pieces = pieces, .whole = true}, 3).text, text);
    }
  }
  const std::string odd = joined_lines(odd_lines(3000, 12));
  const std::string ids = convert(odd, {.whole = true}, 999).text;
  EXPECT_EQ(ids, ids_of(odd) + "\n");
  EXPECT_EQ(convert(ids, {.decode = true, .whole = true}, 999).text, text::normalize(odd));
}

TEST(TokenStream, CountsWhatWasRead) {
  const std::string text = "할머니가\r\n책을\n뷁";
  const auto tokens = static_cast<int64_t>(fixture().encode("할머니가").size() + fixture().encode("책을").size() + 3);
  const StreamCounts counts = convert(text, {}).counts;
  EXPECT_EQ(counts.tokens, tokens);
  EXPECT_EQ(counts.bytes, static_cast<int64_t>(text.size()));
  EXPECT_EQ(counts.characters, 4 + 2 + 2 + 1 + 1);
  EXPECT_EQ(counts.lines, 3);
  EXPECT_EQ(convert(text, {.whole = true}).counts.tokens, tokens + 2);
}

TEST(TokenStream, TextThatIsNoUtf8IsRefusedWithItsLine) {
  const std::string cp949 = "\xBE\xC8\xB3\xE7\xC7\xCF\xBC\xBC\xBF\xE4";  // 안녕하세요
  for (const bool whole : {false, true}) {
    EXPECT_EQ(
        error_message([&] { convert("ok\n\n" + cp949 + "\n", {.whole = whole}); }),
        "standard input:3: is no UTF-8 (as is much behind it); ktlm prepare finds the encoding and converts it, or, "
        "where it is CP949: iconv -f cp949 -t utf-8");
  }
}

TEST(TokenStream, LinesWithAStrayByteAreRepairedAndCounted) {
  const std::string line = "할머니가 만든 김치는 맵고 시원하다";
  const Result result = convert(line + "\xFF\n" + line + "\n\xFE" + line, {});
  EXPECT_EQ(result.counts.repaired_lines, 2);
  EXPECT_EQ(result.text, ids_of(line + "\uFFFD") + "\n" + ids_of(line) + "\n" + ids_of("\uFFFD" + line) + "\n");
}

TEST(TokenStream, WordsThatAreNoTokensAreNamedWithTheirLine) {
  const std::string directory = fixture().directory().string();
  EXPECT_EQ(error_message([] { convert("1 2\n\n3 백\n", {.decode = true}, 2); }),
            "standard input:3: \"백\" is no token id of " + directory +
                " (700 pieces); --decode reads ids with spaces between them");
  for (const std::string word : {"700", "-1", "1.5", "99999999999"})
    EXPECT_EQ(error_message([&] { convert(word, {.decode = true, .whole = true}); }),
              "standard input:1: \"" + word + "\" is no token id of " + directory +
                  " (700 pieces); --decode reads ids with spaces between them");
  EXPECT_EQ(error_message([] { convert("▁책을\tab", {.decode = true, .pieces = true}); }),
            "standard input:1: \"ab\" is no piece of " + directory +
                " (700 pieces); --decode --pieces reads pieces with tabs between them");
}

TEST(TokenStream, WhatTheReaderThrowsComesOutBehindAllThatWasRead) {
  int calls = 0;
  const ReadBytes read = [&](char* buffer, size_t) -> std::optional<size_t> {
    if (++calls > 1) throw Error("the disk is gone");
    std::memcpy(buffer, "7\n", 2);
    return 2;
  };
  std::string text;
  EXPECT_EQ(error_message([&] {
              convert_stream(
                  fixture(), {}, "file", read, [&](std::string_view bytes) { text += bytes; }, 2);
            }),
            "the disk is gone");
  EXPECT_EQ(text, ids_of("7") + "\n");
}

}  // namespace
}  // namespace ktlm::tokenizer
