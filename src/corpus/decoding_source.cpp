#include "decoding_source.h"

#include <algorithm>
#include <cstring>

namespace ktlm::corpus {

namespace {

constexpr size_t kHeadBytes = 4096;               // where declarations and byte order show
constexpr size_t kSampleBytes = size_t{1} << 18;  // what decides between UTF-8 and CP949
constexpr size_t kChunkBytes = size_t{1} << 16;

size_t ascii_prefix(std::string_view bytes) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  return static_cast<size_t>(std::find_if_not(bytes.begin(), bytes.end(), is_ascii) - bytes.begin());
}

void skip(ByteSource& source, size_t count) {
  char buffer[4];
  while (count > 0) count -= source.read(buffer, count);
}

}  // namespace

DecodingSource::DecodingSource(ByteSource& upstream, const std::string& choice) : upstream_(upstream) { open(choice); }

void DecodingSource::open(const std::string& choice) {
  const std::string_view head = upstream_.peek(kHeadBytes);
  const ByteOrderMark mark = find_byte_order_mark(head);
  const Encoding utf16 = mark.length > 0 ? mark.encoding : find_utf16(head);
  if (choice == "utf-16") {
    encoding_ = utf16 == Encoding::kUtf8 ? Encoding::kUtf16Le : utf16;
  } else if (choice == "cp949") {
    encoding_ = Encoding::kCp949;
  } else if (choice == "auto") {
    encoding_ = utf16;
    undecided_ = mark.length == 0 && utf16 == Encoding::kUtf8;
    declared_cp949_ = undecided_ && declares_cp949(head);
  }
  const bool is_of_choice = mark.length == 3 ? encoding_ == Encoding::kUtf8 : encoding_ == mark.encoding;
  if (mark.length > 0 && is_of_choice) skip(upstream_, mark.length);
}

size_t DecodingSource::read_some(char* buffer, size_t capacity) {
  if (undecided_) return read_undecided(buffer, capacity);
  return encoding_ == Encoding::kUtf8 ? upstream_.read(buffer, capacity) : read_decoded(buffer, capacity);
}

size_t DecodingSource::read_undecided(char* buffer, size_t capacity) {
  if (ascii_left_ == 0) {
    const std::string_view chunk = upstream_.peek(kChunkBytes);
    ascii_left_ = ascii_prefix(chunk);
    if (ascii_left_ == 0) {
      undecided_ = false;
      encoding_ = find_utf8_or_cp949(upstream_.peek(kSampleBytes), declared_cp949_);
      return read_some(buffer, capacity);
    }
  }
  const size_t count = upstream_.read(buffer, std::min(capacity, ascii_left_));
  ascii_left_ -= count;
  return count;
}

size_t DecodingSource::read_decoded(char* buffer, size_t capacity) {
  while (output_taken_ == output_.size()) {
    output_.clear();
    output_taken_ = 0;
    input_.resize(input_kept_ + kChunkBytes);
    const size_t count = upstream_.read(input_.data() + input_kept_, kChunkBytes);
    num_decoded_ += static_cast<int64_t>(count);
    const std::string_view bytes = std::string_view(input_).substr(0, input_kept_ + count);
    const size_t taken = decode(encoding_, bytes, count == 0, output_, num_malformed_);
    input_kept_ = bytes.size() - taken;
    std::memmove(input_.data(), input_.data() + taken, input_kept_);
    if (count == 0 && output_.empty()) return 0;
  }
  const size_t count = output_.copy(buffer, capacity, output_taken_);
  output_taken_ += count;
  return count;
}

}  // namespace ktlm::corpus
