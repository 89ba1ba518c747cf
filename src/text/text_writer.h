// Plain text as the readers of markup write it: lines under headings. A heading waits until text follows it, so that
// one above a table or a list of links goes with what it headed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ktlm::text {

class TextWriter {
 public:
  void reserve(size_t bytes) { text_.reserve(bytes); }

  /// `level` 1 is the highest; headings of the same or a lower rank that still wait are given up.
  void add_heading(int level, std::string words);
  /// `bullet` goes before the words ("- ") or is empty. The words are not.
  void add_line(std::string_view bullet, std::string_view words);
  /// The next line starts a paragraph: a blank line goes before it.
  void end_paragraph() { starts_paragraph_ = true; }

  std::string finish() { return std::move(text_); }

 private:
  std::string text_;
  std::vector<std::pair<int, std::string>> waiting_headings_;  // level and words, ranks falling
  bool starts_paragraph_ = false;
};

}  // namespace ktlm::text
