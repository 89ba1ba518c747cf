// A file as a stream of bytes, decompressed on the way: plain, bzip2 (several streams in a row, as Wikipedia's dumps
// have), gzip, xz and zstd, told apart by their first bytes; "-" is standard input. Memory stays constant.
// Beyond some MB it grows only as the file asks: xz and zstd with windows of up to 2 GB.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ktlm::corpus {

class ByteSource {
 public:
  ByteSource() = default;
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Puts up to `capacity` bytes into `buffer` and returns how many; 0 only at the end. Throws Error naming the file:
  /// unreadable, truncated or corrupt.
  size_t read(char* buffer, size_t capacity);

  /// The next bytes without taking them: `count`, or fewer where the end is nearer, or damage, of which read() then
  /// tells behind the bytes before it. Valid until the next read.
  std::string_view peek(size_t count);

 protected:
  virtual size_t read_some(char* buffer, size_t capacity) = 0;

 private:
  std::string peeked_;
  size_t peeked_taken_ = 0;
  std::exception_ptr failure_;  // to be thrown when what was peeked has been read
};

/// What a long read tells and asks.
struct ReadHooks {
  std::function<void()> check;                 // before each read and while a pipe is silent; throws to end the work
  std::atomic<int64_t>* file_bytes = nullptr;  // grows by the bytes taken from the file itself
  size_t num_threads = 0;                      // that may decompress; 0 is one per core
};

/// Throws Error where the file can't be opened, or is named .bz2, .gz, .xz or .zst and holds something else.
std::unique_ptr<ByteSource> open_byte_source(const std::string& path, ReadHooks hooks = {});

/// `source` decompressed, as its first bytes say. `name` is for messages, and throws Error as above.
std::unique_ptr<ByteSource> decompress(std::unique_ptr<ByteSource> source, const std::string& name,
                                       size_t num_threads = 0);

/// Without its .bz2, .gz, .xz or .zst, where it ends in one.
std::filesystem::path without_compression_suffix(const std::filesystem::path& path);

/// Everything that is left. Throws Error where that is more than `limit_bytes`; `name` is for its message.
std::string read_all(ByteSource& source, size_t limit_bytes, const std::string& name);

/// "-" reads as "standard input", any other path as itself.
std::string display_name(const std::string& path);

}  // namespace ktlm::corpus
