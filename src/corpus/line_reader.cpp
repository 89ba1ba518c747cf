#include "line_reader.h"

#include <cstring>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"

namespace ktlm::corpus {

LineReader::LineReader(ByteSource& source, std::string name, size_t max_line_bytes)
    : source_(source), name_(std::move(name)), max_line_bytes_(max_line_bytes) {}

bool LineReader::next(std::string_view& line) {
  size_t searched = begin_;
  while (true) {
    const void* found = std::memchr(buffer_.data() + searched, '\n', buffer_.size() - searched);
    if (found != nullptr || at_end_) {
      const size_t end =
          found != nullptr ? static_cast<size_t>(static_cast<const char*>(found) - buffer_.data()) : buffer_.size();
      if (found == nullptr && end == begin_) return false;
      const size_t next_begin = found != nullptr ? end + 1 : end;
      ++line_number_;
      bytes_taken_ += static_cast<int64_t>(next_begin - begin_);
      line = std::string_view(buffer_).substr(begin_, end - begin_);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      begin_ = next_begin;
      return true;
    }
    const size_t searched_bytes = buffer_.size() - begin_;
    if (searched_bytes > max_line_bytes_) {
      throw Error(name_ + ":" + std::to_string(line_number_ + 1) + ": line longer than " +
                  format_bytes(static_cast<int64_t>(max_line_bytes_)) + "; expected one JSON object a line");
    }
    refill();
    searched = searched_bytes;  // refill() moved the open line to the front
  }
}

void LineReader::refill() {
  constexpr size_t kReadBytes = size_t{1} << 18;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const size_t old_size = buffer_.size();
  buffer_.resize(old_size + kReadBytes);
  const size_t count = source_.read(buffer_.data() + old_size, kReadBytes);
  buffer_.resize(old_size + count);
  at_end_ = count == 0;
}

}  // namespace ktlm::corpus
