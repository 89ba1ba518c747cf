#include "parallel_bzip2.h"

#include <bzlib.h>
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
std::string words(size_t bytes, uint64_t seed) {
  Random random(seed);
  std::string out;
  while (out.size() < bytes)
    out += "낱말" + std::to_string(random.below(100'000)) + (random.below(9) == 0 ? "\n" : " ");
  return out;
}

TEST(ParallelBzip2, GivesWhatWentInWhateverTheThreads) {
  const std::string content = words(3'000'000, 1);
  const std::string bytes = test::bzip2(content);
  for (const size_t num_threads : {1, 2, 5}) EXPECT_TRUE(decode(bytes, num_threads) == content) << num_threads;
  EXPECT_TRUE(decode(bytes, 2, 777) == content) << "read in small steps";
}

TEST(ParallelBzip2, StreamsFollowEachOther) {
  std::string bytes, content;
  for (int i = 0; i < 20; ++i) {
    const std::string piece = i % 4 == 3 ? "" : words(static_cast<size_t>(i) * 30'000 + 1, static_cast<uint64_t>(i));
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
  const std::string bytes = test::bzip2(words(400'000, 2));
  Random random(3);
  for (int i = 0; i < 60; ++i) {
    const size_t size = i < 20 ? bytes.size() - 1 - static_cast<size_t>(i) : 1 + random.below(bytes.size() - 1);
    EXPECT_THAT(error_message([&] { decode(bytes.substr(0, size), 2); }),
                testing::StartsWith("a.bz2: ends in the middle of its bzip2 data after"))
        << size << " of " << bytes.size();
  }
}

TEST(ParallelBzip2, DamageIsNoticedWhereverItStands) {
  const std::string content = words(400'000, 4), bytes = test::bzip2(content);
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

TEST(ParallelBzip2, BytesThatDoNotCompressPass) {
  Random random(6);
  std::string content(1'000'000, '\0');
  for (char& c : content) c = static_cast<char>(random.below(256));
  EXPECT_TRUE(decode(test::bzip2(content), 2) == content);
}

// A file that begins as bzip2 does and then goes on without end.
class EndlessSource : public ByteSource {
 public:
  EndlessSource(std::string head, bool is_random) : head_(std::move(head)), is_random_(is_random) {}
  size_t num_given() const { return num_given_; }

 protected:
  size_t read_some(char* buffer, size_t capacity) override {
    for (size_t i = 0; i < capacity; ++i, ++num_given_) {
      const char filling = is_random_ ? static_cast<char>(random_.below(256)) : 'x';
      buffer[i] = num_given_ < head_.size() ? head_[num_given_] : filling;
    }
    return capacity;
  }

 private:
  std::string head_;
  bool is_random_;
  Random random_{7};
  size_t num_given_ = 0;
};

TEST(ParallelBzip2, ABlockWithoutAnEndIsAnErrorBeforeItFillsTheMemory) {
  for (const auto& [head, limit] : {std::pair{"BZh91AY&SY", size_t{2'500'000}}, {"BZh11AY&SY", size_t{500'000}}}) {
    for (const bool is_random : {false, true}) {
      auto endless = std::make_unique<EndlessSource>(head, is_random);
      const EndlessSource& source = *endless;
      const auto decoder = make_parallel_bzip2_source(std::move(endless), "a.bz2", 2);
      char byte = 0;
      EXPECT_THAT(error_message([&] { decoder->read(&byte, 1); }),
                  testing::StartsWith("a.bz2: its bzip2 data is corrupt within the first"));
      EXPECT_LT(source.num_given(), limit) << head;
    }
  }
}

// --- a block made by hand, in which a magic number stands ---

constexpr uint64_t kBlockMagic = 0x314159265359, kEndMagic = 0x177245385090;

class BitWriter {
 public:
  void put(uint64_t value, int count) {
    while (count-- > 0) {
      if (free_bits_ == 0) {
        bytes_ += '\0';
        free_bits_ = 8;
      }
      --free_bits_;
      bytes_.back() = static_cast<char>(bytes_.back() | (value >> count & 1) << free_bits_);
    }
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  int free_bits_ = 0;
};

uint32_t bzip2_crc(const std::string& data) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : data) {
    crc ^= static_cast<uint32_t>(static_cast<unsigned char>(c)) << 24;
    for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ ((crc & 0x80000000) != 0 ? 0x04C11DB7 : 0);
  }
  return ~crc;
}

// A stream of one block, whose Huffman codes are those of 8 bits that begin with anything but 0xFE and 0xFF: so its
// symbols are the bytes of `symbols` themselves, each the place of a byte in the list that moves what was met to the
// front. Whatever they are, the sorted rotations that they stand for give some text.
std::string stream_of_symbols(const std::string& symbols, uint32_t crc) {
  constexpr int kNumSymbols = 258;  // two for runs, 255 places, the end
  BitWriter out;
  for (const char c : {'B', 'Z', 'h', '1'}) out.put(static_cast<unsigned char>(c), 8);
  out.put(kBlockMagic, 48);
  out.put(crc, 32);
  out.put(0, 1 + 24);                                           // not randomised; the text is the first rotation
  for (int i = 0; i < 17; ++i) out.put(0xFFFF, 16);             // every byte occurs
  const size_t num_selectors = (symbols.size() + 1 + 49) / 50;  // a table for each 50 symbols
  out.put(2, 3);                                                // two tables, as there must be
  out.put(num_selectors, 15);
  for (size_t i = 0; i < num_selectors; ++i) out.put(0, 1);  // always the first
  for (int table = 0; table < 2; ++table) {
    out.put(8, 5);
    for (int symbol = 0; symbol < kNumSymbols; ++symbol) {
      if (symbol == 254) out.put(0b10, 2);  // from here on 9 bits
      out.put(0, 1);
    }
  }
  for (const char c : symbols) out.put(static_cast<unsigned char>(c), 8);
  out.put(0x1FF, 9);  // the last symbol, the end
  out.put(kEndMagic, 48);
  out.put(crc, 32);
  return out.bytes();
}

// What libbz2 makes of it, right or wrong in its checksum.
std::string decoded_by_libbz2(std::string stream) {
  bz_stream decoder{};
  std::string out(1'000'000, '\0');
  BZ2_bzDecompressInit(&decoder, 0, 0);
  decoder.next_in = stream.data();
  decoder.avail_in = static_cast<unsigned>(stream.size());
  decoder.next_out = out.data();
  decoder.avail_out = static_cast<unsigned>(out.size());
  BZ2_bzDecompress(&decoder);
  out.resize(out.size() - decoder.avail_out);
  BZ2_bzDecompressEnd(&decoder);
  return out;
}

TEST(ParallelBzip2, AMagicNumberWithinABlockDoesNotEndIt) {
  for (const uint64_t magic : {kBlockMagic, kEndMagic}) {
    std::string symbols(300, 'a');
    Random random(8);
    for (char& c : symbols) c = static_cast<char>(2 + random.below(200));
    for (size_t i = 0; i < 6; ++i) symbols[150 + i] = static_cast<char>(magic >> (40 - 8 * i) & 0xFF);
    const std::string text = decoded_by_libbz2(stream_of_symbols(symbols, 0));
    ASSERT_GE(text.size(), 300U);
    const std::string stream = stream_of_symbols(symbols, bzip2_crc(text));
    const std::string content = words(250'000, 9), neighbour = test::bzip2(content);
    for (const size_t num_threads : {1, 2, 5}) {
      EXPECT_TRUE(decode(stream, num_threads) == text) << num_threads;
      EXPECT_TRUE(decode(neighbour + stream + neighbour, num_threads) == content + text + content) << num_threads;
      EXPECT_TRUE(decode(stream, num_threads, 7) == text) << "read in small steps";
      const std::string cut = stream.substr(0, stream.size() - 20);
      EXPECT_THAT(error_message([&] { decode(cut, num_threads); }), testing::StartsWith("a.bz2: "));
      EXPECT_THAT(error_message([&] { decode(stream_of_symbols(symbols, 1), num_threads); }),
                  testing::HasSubstr("its bzip2 data is corrupt"))
          << "where the joined block is wrong as well";
    }
  }
}

}  // namespace
}  // namespace ktlm::corpus
