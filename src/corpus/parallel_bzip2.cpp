#include "parallel_bzip2.h"

#include <bzlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <future>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "decompressor.h"
#include "ktlm/core/machine.h"

namespace ktlm::corpus {

namespace {

// What a block begins with, and the end of a stream: pi and its square root, in decimal digits.
constexpr uint64_t kBlockMagic = 0x314159265359, kEndMagic = 0x177245385090;
constexpr size_t kMagicBits = 48, kCrcBits = 32;
constexpr size_t kHeaderBytes = 4;  // "BZh9"; the digit is the block size in units of 100 kB

// No block is longer, so that damage which hides the next one's beginning is told before it fills the memory: 20 bits
// for each symbol, and as many symbols as the block has bytes, are the format's limits; its tables come on top.
constexpr size_t max_block_bytes(char level) { return static_cast<size_t>(level - '0') * 100'000 * 20 / 8 + 65'536; }

// A row of bits in bytes, the highest of a byte first.
class Bits {
 public:
  size_t size() const { return size_; }
  const std::string& bytes() const { return bytes_; }

  /// The lowest `count` bits of `value`.
  void append(uint64_t value, size_t count) {
    while (count-- > 0) {
      if (size_ % 8 == 0) bytes_ += '\0';
      if ((value >> count & 1) != 0) bytes_.back() = static_cast<char>(bytes_.back() | 0x80 >> size_ % 8);
      ++size_;
    }
  }
  /// The bits begin .. end - 1 of `source`.
  void append(std::string_view source, size_t begin, size_t end) {
    while (begin < end && (size_ % 8 != 0 || end - begin < 8)) {
      append(get(source, begin, 1), 1);
      ++begin;
    }
    const size_t num_bytes = (end - begin) / 8, shift = begin % 8;
    bytes_.reserve(bytes_.size() + num_bytes + 16);
    for (size_t i = begin / 8; i < begin / 8 + num_bytes; ++i) {
      const unsigned high = static_cast<unsigned char>(source[i]) << shift;
      const unsigned low = shift == 0 ? 0 : static_cast<unsigned char>(source[i + 1]) >> (8 - shift);
      bytes_ += static_cast<char>(high | low);
    }
    size_ += num_bytes * 8;
    begin += num_bytes * 8;
    if (begin < end) append(get(source, begin, end - begin), end - begin);
  }
  static uint64_t get(std::string_view source, size_t begin, size_t count) {
    uint64_t value = 0;
    for (size_t i = begin; i < begin + count; ++i)
      value = value << 1 | (static_cast<unsigned char>(source[i / 8]) >> (7 - i % 8) & 1);
    return value;
  }

 private:
  std::string bytes_;
  size_t size_ = 0;
};

// Which ends of a magic number a byte can be followed by: bit s of an entry says that, with this byte before the last
// one, a magic number may end s bits before the end of the last. Spares comparing 16 times per byte.
constexpr std::array<uint8_t, 256> make_candidates() {
  std::array<uint8_t, 256> candidates{};
  for (const uint64_t magic : {kBlockMagic, kEndMagic}) {
    for (unsigned s = 0; s < 8; ++s) candidates[(magic >> (8 - s)) & 0xFF] |= static_cast<uint8_t>(1U << s);
  }
  return candidates;
}
constexpr std::array<uint8_t, 256> kCandidates = make_candidates();

struct Mark {
  bool is_end = false;
  size_t begin = 0;  // of the magic number, in bits
};

// The first magic number that begins at `from` or behind it and is whole.
std::optional<Mark> find_mark(std::string_view bytes, size_t from) {
  constexpr uint64_t kMask = (uint64_t{1} << kMagicBits) - 1;
  uint64_t window = 0;
  for (size_t i = from / 8; i < bytes.size(); ++i) {
    window = window << 8 | static_cast<unsigned char>(bytes[i]);
    const uint8_t candidates = kCandidates[window >> 8 & 0xFF];
    if (candidates == 0) continue;
    for (unsigned s = 8; s-- > 0;) {  // the earlier first
      if ((candidates >> s & 1) == 0 || 8 * (i + 1) < s + kMagicBits) continue;
      const size_t begin = 8 * (i + 1) - s - kMagicBits;
      const uint64_t value = window >> s & kMask;
      if (begin >= from && (value == kBlockMagic || value == kEndMagic)) return Mark{value == kEndMagic, begin};
    }
  }
  return std::nullopt;
}

// One block's bits, from its magic number on, with what makes a stream of them around; or nothing where that is none.
std::optional<std::string> decode_block(const Bits& block, char level) {
  const std::string header = std::string("BZh") + level;
  Bits stream;
  stream.append(header, 0, 8 * kHeaderBytes);
  stream.append(block.bytes(), 0, block.size());
  stream.append(kEndMagic, kMagicBits);
  stream.append(Bits::get(block.bytes(), kMagicBits, kCrcBits), kCrcBits);  // of one block: that of the stream
  const std::string& input = stream.bytes();

  bz_stream decoder{};
  if (BZ2_bzDecompressInit(&decoder, 0, 0) != BZ_OK) throw std::bad_alloc();
  const std::unique_ptr<bz_stream, int (*)(bz_stream*)> owner(&decoder, &BZ2_bzDecompressEnd);
  decoder.next_in = const_cast<char*>(input.data());
  decoder.avail_in = static_cast<unsigned>(input.size());
  std::string output;
  int status = BZ_OK;
  // The text has 900 kB as a rule; long repetitions can make it fifty times as much.
  for (size_t room = 1'000'000; status == BZ_OK; room = 8'000'000) {
    const size_t old_size = output.size();
    output.resize(old_size + room);
    decoder.next_out = output.data() + old_size;
    decoder.avail_out = static_cast<unsigned>(room);
    status = BZ2_bzDecompress(&decoder);
    output.resize(output.size() - decoder.avail_out);
    if (status == BZ_OK && decoder.avail_out > 0) return std::nullopt;  // wants more than there is
  }
  if (status == BZ_MEM_ERROR) throw std::bad_alloc();
  if (status != BZ_STREAM_END) return std::nullopt;
  return output;
}

class ParallelBzip2Source : public Decompressor {
 public:
  ParallelBzip2Source(std::unique_ptr<ByteSource> upstream, std::string name, size_t num_threads)
      : Decompressor(std::move(upstream), std::move(name), "bzip2"),
        num_threads_(num_threads > 0 ? num_threads : static_cast<size_t>(num_usable_cores())) {}

 protected:
  size_t read_some(char* buffer, size_t capacity) override {
    while (taken_ == decoded_.size()) {
      if (!next_block()) return 0;
    }
    const size_t count = std::min(capacity, decoded_.size() - taken_);
    decoded_.copy(buffer, count, taken_);
    taken_ += count;
    return count;
  }

 private:
  // What was found in the file: a block under way to its text, or the end of a stream.
  struct Entry {
    bool is_end = false;
    uint32_t crc = 0;  // of the block; of all the stream's blocks
    char level = '9';
    std::shared_ptr<const Bits> block;
    std::future<std::optional<std::string>> text;
  };

  // Takes entries until one gives text. False at the end of the file.
  bool next_block() {
    decoded_.clear();
    taken_ = 0;
    while (decoded_.empty()) {
      fill();
      if (entries_.empty()) return false;
      Entry entry = std::move(entries_.front());
      entries_.pop_front();
      if (entry.is_end) {
        if (entry.crc != stream_crc_) throw_corrupt();
        stream_crc_ = 0;
        continue;
      }
      std::optional<std::string> text = entry.text.get();
      if (!text) text = join_with_next(entry);
      if (!text) throw_corrupt();
      stream_crc_ = (stream_crc_ << 1 | stream_crc_ >> 31) ^ entry.crc;
      decoded_ = std::move(*text);
    }
    fill();  // the threads work on while this text is read
    return true;
  }

  // One entry per thread is under way.
  void fill() {
    while (entries_.size() < num_threads_ && scan()) {
    }
  }

  // A block's text can hold the magic number by chance, once in some 30,000 files of a gigabyte.
  std::optional<std::string> join_with_next(const Entry& entry) {
    if (entries_.empty()) scan();
    if (entries_.empty() || entries_.front().is_end) return std::nullopt;
    Bits joined = *entry.block;
    joined.append(entries_.front().block->bytes(), 0, entries_.front().block->size());
    std::optional<std::string> text = decode_block(joined, entry.level);
    if (text) entries_.pop_front();
    return text;
  }

  // Finds the next entry. False at the end of the file.
  bool scan() {
    if (at_end_) return false;
    if (!in_stream_ && !open_stream()) return false;
    const bool is_end = mark_.is_end;
    if (is_end) {
      close_stream();
      return true;
    }
    // The block goes up to the next magic number that is none of its own.
    const size_t begin = mark_.begin;
    find_next_mark(begin);
    auto block = std::make_shared<Bits>();
    block->append(bytes_, begin, mark_.begin);
    Entry entry;
    entry.level = level_;
    entry.crc = static_cast<uint32_t>(Bits::get(block->bytes(), kMagicBits, kCrcBits));
    entry.block = block;
    entry.text = std::async(std::launch::async, [block, level = level_] { return decode_block(*block, level); });
    entries_.push_back(std::move(entry));
    drop_bytes(mark_.begin / 8);
    return true;
  }

  // At a byte that may begin a stream, or be the end of the file.
  bool open_stream() {
    const size_t head_bytes = kHeaderBytes + kMagicBits / 8;
    while (bytes_.size() < head_bytes && refill()) {
    }
    at_end_ = bytes_.empty();
    if (at_end_) return false;
    const bool has_header = bytes_.starts_with("BZh") && bytes_.size() > 3 && bytes_[3] >= '1' && bytes_[3] <= '9';
    if (bytes_.size() < head_bytes) throw_truncated();
    const std::optional<Mark> mark = find_mark(std::string_view(bytes_).substr(0, head_bytes), 8 * kHeaderBytes);
    if (!has_header || !mark) throw_corrupt();
    level_ = bytes_[3];
    mark_ = *mark;
    in_stream_ = true;
    return true;
  }

  void close_stream() {
    const size_t crc_end = mark_.begin + kMagicBits + kCrcBits;
    while (8 * bytes_.size() < crc_end) {
      if (!refill()) throw_truncated();
    }
    Entry entry;
    entry.is_end = true;
    entry.crc = static_cast<uint32_t>(Bits::get(bytes_, mark_.begin + kMagicBits, kCrcBits));
    entries_.push_back(std::move(entry));
    drop_bytes((crc_end + 7) / 8);
    in_stream_ = false;
  }

  // The end of a stream is followed by another, or by nothing; anything else was text of the block. Throws Error where
  // the block that begins at `begin` would be longer than any.
  void find_next_mark(size_t begin) {
    size_t from = begin + kMagicBits + kCrcBits;
    bool has_false_end = false;
    while (true) {
      const std::optional<Mark> mark = find_mark(bytes_, from);
      if (mark && !mark->is_end) {
        mark_ = *mark;
        return;
      }
      if (mark) {
        const size_t next = (mark->begin + kMagicBits + kCrcBits + 7) / 8;
        while (bytes_.size() < next + 3 && refill()) {
        }
        const std::string_view head = std::string_view(bytes_).substr(std::min(next, bytes_.size()), 3);
        if (std::string_view("BZh").starts_with(head)) {  // an empty one at the file's end
          mark_ = *mark;
          return;
        }
        has_false_end = true;
        from = mark->begin + 1;
        continue;
      }
      from = std::max(from, 8 * bytes_.size() - std::min(8 * bytes_.size(), kMagicBits + 7));
      if (bytes_.size() > begin / 8 + max_block_bytes(level_)) throw_corrupt();
      if (!refill()) {
        if (has_false_end) throw_corrupt();  // something stands behind the stream
        throw_truncated();
      }
    }
  }

  bool refill() {
    const std::string_view input = next_input();
    bytes_ += input;
    return !input.empty();
  }

  void drop_bytes(size_t count) {
    bytes_.erase(0, count);
    mark_.begin -= std::min(mark_.begin, 8 * count);
  }

  size_t num_threads_;
  std::string bytes_;  // compressed, from the byte on in which mark_ begins
  Mark mark_;          // the next magic number in bytes_, within a stream
  bool in_stream_ = false, at_end_ = false;
  char level_ = '9';
  std::deque<Entry> entries_;
  uint32_t stream_crc_ = 0;
  std::string decoded_;
  size_t taken_ = 0;
};

}  // namespace

std::unique_ptr<ByteSource> make_parallel_bzip2_source(std::unique_ptr<ByteSource> upstream, std::string name,
                                                       size_t num_threads) {
  return std::make_unique<ParallelBzip2Source>(std::move(upstream), std::move(name), num_threads);
}

}  // namespace ktlm::corpus
