#include "byte_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "decompressors.h"
#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"

namespace ktlm::corpus {

namespace {

class FileSource : public ByteSource {
 public:
  FileSource(const std::string& path, ReadHooks hooks) : name_(display_name(path)), hooks_(std::move(hooks)) {
    descriptor_ = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) throw Error(name_ + ": can't be read: " + system_error_text(errno));
    struct stat status {};
    ::fstat(descriptor_, &status);
    may_wait_ = !S_ISREG(status.st_mode);
  }
  ~FileSource() override { ::close(descriptor_); }

 protected:
  size_t read_some(char* buffer, size_t capacity) override {
    wait_for_data();
    while (true) {
      const ssize_t count = ::read(descriptor_, buffer, capacity);
      if (count >= 0) {
        if (hooks_.file_bytes != nullptr) *hooks_.file_bytes += count;
        return static_cast<size_t>(count);
      }
      if (errno != EINTR) throw Error(name_ + ": can't be read: " + system_error_text(errno));
    }
  }

 private:
  // A read from a silent pipe would not return when the work is to stop, so that only data is read that is there.
  void wait_for_data() {
    if (hooks_.check) hooks_.check();
    pollfd waiting{descriptor_, POLLIN, 0};
    while (may_wait_ && hooks_.check && ::poll(&waiting, 1, 100) <= 0) hooks_.check();
  }

  std::string name_;
  ReadHooks hooks_;
  int descriptor_ = -1;
  bool may_wait_ = false;
};

Compression compression_of(std::string_view head) {
  const auto starts = [head](std::string_view magic) { return head.substr(0, magic.size()) == magic; };
  // A bzip2 stream's header is followed by a block's magic number (pi) or, in an empty stream, the end's (sqrt pi).
  if (head.size() >= 10 && starts("BZh") && head[3] >= '1' && head[3] <= '9' &&
      (head.substr(4, 6) == "1AY&SY" || head.substr(4, 6) == "\x17\x72\x45\x38\x50\x90")) {
    return Compression::kBzip2;
  }
  if (starts("\x1f\x8b\x08")) return Compression::kGzip;
  if (starts(std::string_view("\xFD\x37zXZ\0", 6))) return Compression::kXz;
  const bool skippable_frame = head.size() >= 4 && (head[0] & 0xF0) == 0x50 && head.substr(1, 3) == "\x2a\x4d\x18";
  if (starts("\x28\xb5\x2f\xfd") || skippable_frame) return Compression::kZstd;
  return Compression::kNone;
}

bool is_compression_suffix(const std::string& extension) {
  constexpr std::array kSuffixes = {".bz2", ".gz", ".xz", ".zst"};
  return std::find(kSuffixes.begin(), kSuffixes.end(), extension) != kSuffixes.end();
}

// A failed download is often an error page, or a stub, under the archive's name.
void require_uncompressed_name(const std::string& name, std::string_view head) {
  const std::string extension = std::filesystem::path(name).extension().string();
  if (!is_compression_suffix(extension)) return;
  const bool is_page = head.find('<') != std::string_view::npos;
  const char* holds = head.empty() ? "is empty" : is_page ? "holds markup" : "holds something else";
  throw Error(name + ": named " + extension + ", but " + holds + "; fetch the file again or rename it");
}

}  // namespace

size_t ByteSource::read(char* buffer, size_t capacity) {
  const size_t ready = std::min(capacity, peeked_.size() - peeked_taken_);
  if (ready == 0 && failure_) std::rethrow_exception(failure_);
  if (ready == 0) return read_some(buffer, capacity);
  std::memcpy(buffer, peeked_.data() + peeked_taken_, ready);
  peeked_taken_ += ready;
  if (peeked_taken_ == peeked_.size()) {
    peeked_.clear();
    peeked_taken_ = 0;
  }
  return ready;
}

std::string_view ByteSource::peek(size_t count) {
  while (!failure_ && peeked_.size() - peeked_taken_ < count) {
    const size_t old_size = peeked_.size();
    peeked_.resize(peeked_taken_ + count);
    size_t got = 0;
    try {
      got = read_some(peeked_.data() + old_size, peeked_.size() - old_size);
    } catch (const Error&) {
      if (old_size == peeked_taken_) throw;
      failure_ = std::current_exception();
    }
    peeked_.resize(old_size + got);
    if (got == 0) break;
  }
  return std::string_view(peeked_).substr(peeked_taken_, count);
}

std::unique_ptr<ByteSource> open_byte_source(const std::string& path, ReadHooks hooks) {
  const size_t num_threads = hooks.num_threads;
  return decompress(std::make_unique<FileSource>(path, std::move(hooks)), display_name(path), num_threads);
}

std::unique_ptr<ByteSource> decompress(std::unique_ptr<ByteSource> source, const std::string& name,
                                       size_t num_threads) {
  const std::string_view head = source->peek(16);
  const Compression compression = compression_of(head);
  if (compression != Compression::kNone) return make_decompressor(compression, std::move(source), name, num_threads);
  require_uncompressed_name(name, head);
  return source;
}

std::filesystem::path without_compression_suffix(const std::filesystem::path& path) {
  return is_compression_suffix(path.extension().string()) ? path.parent_path() / path.stem() : path;
}

std::string read_all(ByteSource& source, size_t limit_bytes, const std::string& name) {
  std::string content;
  size_t count = 0;
  do {
    const size_t old_size = content.size();
    if (old_size > limit_bytes) {
      throw Error(name + ": larger than " + format_bytes(static_cast<int64_t>(limit_bytes)) +
                  ", too much for one document; split it");
    }
    content.resize(old_size + (size_t{1} << 18));
    count = source.read(content.data() + old_size, content.size() - old_size);
    content.resize(old_size + count);
  } while (count > 0);
  return content;
}

std::string display_name(const std::string& path) { return path == "-" ? "standard input" : path; }

}  // namespace ktlm::corpus
