// Breaks an answer into the lines of a terminal while it comes, between words where there are any and never within a
// character. A word is held back until it is whole, which costs a token or two and needs nothing taken back on the
// screen. Lines of Markdown tables and of fenced code stay as they are.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ktlm::cli {

class AnswerWrap {
 public:
  /// What can be shown now. Whole characters in, whole characters out; `columns` is the terminal's width at this
  /// moment. Control characters, which could steer the terminal, become U+FFFD.
  std::string feed(std::string_view text, size_t columns);
  /// What is left at the end.
  std::string finish(size_t columns);

 private:
  void add(char32_t c, size_t columns, std::string& out);
  void end_word(size_t columns, std::string& out);
  void end_line(std::string& out);

  std::string spaces_, word_;  // held back
  size_t word_width_ = 0;
  size_t column_ = 0;        // of the terminal's line
  bool line_begun_ = false;  // a word of the answer's line has been shown
  bool as_is_ = false;       // the answer's line is a table's or code
  bool fenced_ = false;      // between ``` and ```
};

}  // namespace ktlm::cli
