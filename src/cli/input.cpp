#include "input.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "ktlm/core/error.h"
#include "ktlm/text/utf8.h"

namespace ktlm::cli {

namespace {

constexpr int kWaitMilliseconds = 100;
constexpr size_t kReadBytes = 1 << 16;

}  // namespace

Input::Input(const std::string& path, const StopFlag& stop)
    : name_(path == "-" ? "standard input" : path), descriptor_(STDIN_FILENO), stop_(stop) {
  if (path == "-") return;
  if (stop_.requested()) throw Stopped{};
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ >= 0) return;
  if (errno == EINTR && stop_.requested()) throw Stopped{};  // it waited for a named pipe's writer
  fail();
}

Input::~Input() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

std::optional<size_t> Input::read(char* buffer, size_t size) {
  if (stop_.requested()) throw Stopped{};
  pollfd waiting{descriptor_, POLLIN, 0};
  const int num_ready = ::poll(&waiting, 1, kWaitMilliseconds);
  if (num_ready == 0) return std::nullopt;
  const ssize_t count = num_ready < 0 ? -1 : ::read(descriptor_, buffer, size);
  if (count >= 0) return static_cast<size_t>(count);
  if (errno == EINTR || errno == EAGAIN) return std::nullopt;
  fail();
}

void Input::fail() const { throw Error(name_ + ": can't be read: " + system_error_text(errno)); }

std::string read_all(Input& input) {
  std::string text;
  while (true) {
    const size_t before = text.size();
    text.resize(before + kReadBytes);
    const std::optional<size_t> count = input.read(text.data() + before, kReadBytes);
    text.resize(before + count.value_or(0));
    if (count == 0u) return text;
  }
}

LineReader::Got LineReader::next(std::string& line) {
  size_t end = buffer_.find('\n', begin_);
  while (end == std::string::npos && !at_end_) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    const size_t before = buffer_.size();
    buffer_.resize(before + kReadBytes);
    const std::optional<size_t> count = input_.read(buffer_.data() + before, kReadBytes);
    buffer_.resize(before + count.value_or(0));
    if (!count) return Got::kNothingYet;
    at_end_ = count == 0u;
    end = buffer_.find('\n', before);
  }
  if (end == std::string::npos && begin_ == buffer_.size()) return Got::kEnd;
  line = buffer_.substr(begin_, end - begin_);
  begin_ = end == std::string::npos ? buffer_.size() : end + 1;
  ++line_number_;
  if (line.ends_with('\r')) line.pop_back();
  require_utf8(line, where());
  return Got::kLine;
}

void require_utf8(const std::string& text, const std::string& where) {
  if (!text::is_valid_utf8(text))
    throw Error(where + ": is no UTF-8; ktlm prepare finds the encoding and converts it, or, where it is CP949: " +
                "iconv -f cp949 -t utf-8");
}

}  // namespace ktlm::cli
