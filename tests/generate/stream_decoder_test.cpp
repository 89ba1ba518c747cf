#include "ktlm/generate/stream_decoder.h"

#include <gtest/gtest.h>

#include "ktlm/core/random.h"
#include "ktlm/text/utf8.h"

namespace ktlm::generate {
namespace {

std::string streamed(const std::vector<std::string>& chunks) {
  StreamDecoder decoder;
  std::string out;
  for (const std::string& chunk : chunks) {
    const std::string piece = decoder.feed(chunk);
    EXPECT_TRUE(text::is_valid_utf8(piece));
    out += piece;
  }
  return out + decoder.finish();
}

TEST(StreamDecoder, HoldsASyllableBackUntilItsLastByte) {
  StreamDecoder decoder;
  EXPECT_EQ(decoder.feed("\xED"), "");
  EXPECT_EQ(decoder.feed("\x95"), "");
  EXPECT_EQ(decoder.feed("\x9C"), "한");
  EXPECT_EQ(decoder.feed("글\xF0\x9F"), "글");
  EXPECT_EQ(decoder.feed("\x98\x80!"), "😀!");
  EXPECT_EQ(decoder.finish(), "");
}

TEST(StreamDecoder, IncompleteEndBecomesOneReplacementCharacter) {
  StreamDecoder decoder;
  EXPECT_EQ(decoder.feed("가\xED\x95"), "가");
  EXPECT_EQ(decoder.finish(), "\xEF\xBF\xBD");
}

TEST(StreamDecoder, AnyBytesInAnyChunksEqualTheRepairedWhole) {
  Random random(11);
  const std::vector<std::string> parts = {"한",       "글",   "a",    " ",    "😀",
                                          "\xED\x95", "\xEA", "\x80", "\xFF", "\xF0\x9F\x98"};
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (uint64_t i = random.below(8); i > 0; --i) bytes += parts[random.below(parts.size())];
    if (random.below(4) == 0) bytes += static_cast<char>(random.below(256));
    std::vector<std::string> chunks;
    for (size_t begin = 0; begin < bytes.size();) {
      const size_t length = 1 + random.below(4);
      chunks.push_back(bytes.substr(begin, length));
      begin += length;
    }
    EXPECT_EQ(streamed(chunks), text::repair_utf8(bytes));
  }
}

TEST(StopStringFilter, CutsBeforeAStopStringThatLiesAcrossPieces) {
  StopStringFilter filter({"그만!"});
  EXPECT_EQ(filter.feed("안녕 그"), "안녕 ");
  EXPECT_FALSE(filter.found());
  EXPECT_EQ(filter.feed("만"), "");
  EXPECT_EQ(filter.feed("! 뒤"), "");
  EXPECT_TRUE(filter.found());
  EXPECT_EQ(filter.feed("더"), "");
  EXPECT_EQ(filter.finish(), "");
}

TEST(StopStringFilter, GivesBackWhatTurnsOutToBeNone) {
  StopStringFilter filter({"###"});
  EXPECT_EQ(filter.feed("a#"), "a");
  EXPECT_EQ(filter.feed("#b"), "##b");
  EXPECT_EQ(filter.feed("#"), "");
  EXPECT_EQ(filter.finish(), "#");
  EXPECT_FALSE(filter.found());
}

TEST(StopStringFilter, EmptyStopStringsStopNothing) {
  StopStringFilter filter({"", ""});
  EXPECT_EQ(filter.feed("글"), "글");
  EXPECT_FALSE(filter.found());
}

TEST(StopStringFilter, StopStringInsideTheBeginningOfALongerOneCountsAtTheEnd) {
  StopStringFilter filter({"abcd", "bc"});
  EXPECT_EQ(filter.feed("abc"), "");
  EXPECT_EQ(filter.finish(), "a");
  EXPECT_TRUE(filter.found());
}

// The obvious version: look for the first match in the whole text.
TEST(StopStringFilter, AnyPiecesEqualACutOfTheWhole) {
  Random random(3);
  for (int round = 0; round < 5000; ++round) {
    std::vector<std::string> stops;
    for (uint64_t i = 1 + random.below(3); i > 0; --i) {
      std::string stop;
      for (uint64_t k = 1 + random.below(4); k > 0; --k) stop += static_cast<char>('a' + random.below(2));
      stops.push_back(stop);
    }
    std::string whole;
    for (uint64_t i = random.below(20); i > 0; --i) whole += static_cast<char>('a' + random.below(3));
    size_t cut = whole.size();
    for (const std::string& stop : stops) cut = std::min(cut, whole.find(stop));

    StopStringFilter filter(stops);
    std::string out;
    for (size_t begin = 0; begin < whole.size();) {
      const size_t length = 1 + random.below(3);
      out += filter.feed(whole.substr(begin, length));
      begin += length;
    }
    out += filter.finish();
    EXPECT_EQ(out, whole.substr(0, cut));
    EXPECT_EQ(filter.found(), cut < whole.size());
  }
}

}  // namespace
}  // namespace ktlm::generate
