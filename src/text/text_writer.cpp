#include "text_writer.h"

namespace ktlm::text {

void TextWriter::add_heading(int level, std::string words) {
  while (!waiting_headings_.empty() && waiting_headings_.back().first >= level) waiting_headings_.pop_back();
  if (!words.empty()) waiting_headings_.emplace_back(level, std::move(words));
}

void TextWriter::add_line(std::string_view bullet, std::string_view words) {
  for (const auto& [level, heading] : waiting_headings_) {
    if (!text_.empty()) text_ += "\n\n";
    text_ += heading;
    starts_paragraph_ = false;
  }
  waiting_headings_.clear();
  if (!text_.empty()) text_ += starts_paragraph_ ? "\n\n" : "\n";
  text_ += bullet;
  text_ += words;
  starts_paragraph_ = false;
}

}  // namespace ktlm::text
