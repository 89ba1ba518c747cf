// A file or standard input, read as it comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ktlm/core/stop_flag.h"

namespace ktlm::cli {

/// Thrown where a signal came while the program read or waited.
struct Stopped {};

/// Waits in short turns, and reads only what is there: a signal may reach another thread than the one that waits, or
/// end its wait and leave it to a read that nothing ends.
class Input {
 public:
  /// "-" is standard input. Throws Error where a file can't be read, and Stopped.
  Input(const std::string& path, const StopFlag& stop);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  /// For messages: the path, or "standard input".
  const std::string& name() const { return name_; }
  /// The number of bytes, 0 at the end; nothing where none came for a moment. Throws Error, and Stopped.
  std::optional<size_t> read(char* buffer, size_t size);

 private:
  [[noreturn]] void fail() const;

  std::string name_;
  int descriptor_;
  const StopFlag& stop_;
};

/// All that is left of it. Throws what Input throws.
std::string read_all(Input& input);

/// The lines of an input, without their ends ("\n" or "\r\n").
class LineReader {
 public:
  explicit LineReader(Input& input) : input_(input) {}

  enum class Got { kLine, kNothingYet, kEnd };
  /// Throws Error where a line is no UTF-8, with its number, and what Input throws.
  Got next(std::string& line);
  /// "prompts.txt:3", of the line read last.
  std::string where() const { return input_.name() + ":" + std::to_string(line_number_); }

 private:
  Input& input_;
  std::string buffer_;
  size_t begin_ = 0;  // of the next line, in buffer_
  int64_t line_number_ = 0;
  bool at_end_ = false;
};

/// Throws Error "<where>: is no UTF-8; ..." where it is none.
void require_utf8(const std::string& text, const std::string& where);

}  // namespace ktlm::cli
