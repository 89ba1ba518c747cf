#include "parallel_bzip2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compress.h"
#include "corpus_fixtures.h"
#include "error_message.h"
#include "ktlm/core/random.h"

namespace ktlm::corpus {
namespace {

using test::error_message;

std::string decode(const std::string& bytes, size_t num_threads, size_t step = 40'000) {
  const auto source =
      make_parallel_bzip2_source(std::make_unique<test::MemorySource>(bytes, step), "a.bz2", num_threads);
  std::string out;
  char buffer[10'000];
  while (const size_t count = source->read(buffer, sizeof buffer)) out.append(buffer, count);
  return out;
}

// Text that compresses to some tens of blocks of 100 kB, whose ends fall on every bit of a byte.
std::string text(size_t bytes, uint64_t seed) {
  Random random(seed);
  std::string out;
  while (out.size() < bytes)
    out += "낱말" + std::to_string(random.below(100'000)) + (random.below(9) == 0 ? "\n" : " ");
  return out;
}

TEST(ParallelBzip2, GivesWhatWentInWhateverTheThreads) {
  const std::string content = text(3'000'000, 1);
  const std::string bytes = test::bzip2(content);
  for (const size_t num_threads : {1, 2, 5}) EXPECT_TRUE(decode(bytes, num_threads) == content) << num_threads;
  EXPECT_TRUE(decode(bytes, 2, 777) == content) << "read in small steps";
}

TEST(ParallelBzip2, StreamsFollowEachOther) {
  std::string bytes, content;
  for (int i = 0; i < 20; ++i) {
    const std::string piece = i % 4 == 3 ? "" : text(static_cast<size_t>(i) * 30'000 + 1, static_cast<uint64_t>(i));
    bytes += test::bzip2(piece);
    content += piece;
  }
  EXPECT_TRUE(decode(bytes, 3) == content);
}

TEST(ParallelBzip2, LongRepetitionsMakeABlockGrow) {
  const std::string content(30'000'000, 'x');
  EXPECT_TRUE(decode(test::bzip2(content), 2) == content);
}

TEST(ParallelBzip2, ACutIsNoticedWhereverItFalls) {
  const std::string bytes = test::bzip2(text(400'000, 2));
  Random random(3);
  for (int i = 0; i < 60; ++i) {
    const size_t size = i < 20 ? bytes.size() - 1 - static_cast<size_t>(i) : 1 + random.below(bytes.size() - 1);
    EXPECT_THAT(error_message([&] { decode(bytes.substr(0, size), 2); }),
                testing::StartsWith("a.bz2: ends in the middle of its bzip2 data after"))
        << size << " of " << bytes.size();
  }
}

TEST(ParallelBzip2, DamageIsNoticedWhereverItStands) {
  const std::string content = text(400'000, 4), bytes = test::bzip2(content);
  Random random(5);
  for (int i = 0; i < 60; ++i) {
    std::string damaged = bytes;
    const size_t position = 4 + random.below(bytes.size() - 4);
    damaged[position] = static_cast<char>(damaged[position] ^ (1 << random.below(8)));
    const std::string message = error_message([&] {
      if (decode(damaged, 2) == content) throw Error("padding");  // the last byte's unused bits
    });
    EXPECT_THAT(message, testing::AnyOf(testing::HasSubstr("its bzip2 data is corrupt"),
                                        testing::HasSubstr("ends in the middle"), "padding"))
        << position << " of " << bytes.size();
    if (message == "padding") {
      EXPECT_EQ(position, bytes.size() - 1);
    }
  }
  EXPECT_THAT(error_message([&] { decode(bytes + "BZh9 and no stream", 2); }),
              testing::HasSubstr("its bzip2 data is corrupt"));
}

}  // namespace
}  // namespace ktlm::corpus
