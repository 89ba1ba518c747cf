// The lines of a byte stream, one after the other, without copying them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "byte_source.h"

namespace ktlm::corpus {

class LineReader {
 public:
  /// `name` is for the error of a line that exceeds max_line_bytes. `source` must outlive the reader.
  LineReader(ByteSource& source, std::string name, size_t max_line_bytes = size_t{64} << 20);

  /// The next line without its "\n" or "\r\n", valid until the next call; false at the end. Throws Error.
  bool next(std::string_view& line);

  /// The number of the line that next() gave last, from 1.
  int64_t line_number() const { return line_number_; }
  /// Bytes of all lines so far, with their ends.
  int64_t bytes_taken() const { return bytes_taken_; }

 private:
  void refill();

  ByteSource& source_;
  std::string name_;
  size_t max_line_bytes_;
  std::string buffer_;
  size_t begin_ = 0;  // of what has not been given out
  bool at_end_ = false;
  int64_t line_number_ = 0, bytes_taken_ = 0;
};

}  // namespace ktlm::corpus
