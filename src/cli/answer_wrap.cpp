#include "answer_wrap.h"

#include "ktlm/text/utf8.h"
#include "ktlm/text/width.h"
#include "terminal_output.h"

namespace ktlm::cli {

namespace {

constexpr size_t kTabWidth = 8;

}  // namespace

std::string AnswerWrap::feed(std::string_view text, size_t columns) {
  std::string out;
  for (size_t position = 0; position < text.size();) add(text::decode_utf8(text, position), columns, out);
  return out;
}

std::string AnswerWrap::finish(size_t columns) {
  std::string out;
  end_word(columns, out);
  *this = AnswerWrap();
  return out;
}

void AnswerWrap::add(char32_t c, size_t columns, std::string& out) {
  if (c == '\n') {
    end_word(columns, out);
    end_line(out);
  } else if (c == ' ' || c == '\t') {
    end_word(columns, out);
    const size_t reached = column_ + spaces_.size();
    spaces_.append(c == ' ' ? 1 : kTabWidth - reached % kTabWidth, ' ');
  } else {
    if (is_control(c)) c = text::kReplacementCharacter;
    const auto width = static_cast<size_t>(text::column_width(c));
    if (word_width_ + width > columns && width > 0) end_word(columns, out);  // longer than a line
    text::append_utf8(word_, c);
    word_width_ += width;
  }
}

void AnswerWrap::end_word(size_t columns, std::string& out) {
  if (word_.empty()) return;
  if (!line_begun_) {
    const bool fence = word_.starts_with("```");
    as_is_ = fenced_ || fence || word_.starts_with('|');
    if (fence) fenced_ = !fenced_;
    line_begun_ = true;
  }
  if (!as_is_ && column_ > 0 && column_ + spaces_.size() + word_width_ > columns) {
    out += '\n';
    column_ = 0;
  } else {
    out += spaces_;
    column_ += spaces_.size();
  }
  out += word_;
  column_ += word_width_;
  spaces_.clear();
  word_.clear();
  word_width_ = 0;
}

void AnswerWrap::end_line(std::string& out) {
  out += '\n';
  spaces_.clear();
  column_ = 0;
  line_begun_ = as_is_ = false;
}

}  // namespace ktlm::cli
