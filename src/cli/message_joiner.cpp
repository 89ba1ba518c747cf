#include "message_joiner.h"

#include "ktlm/core/error.h"

namespace ktlm::cli {

namespace {

constexpr std::string_view kQuotes = "\"\"\"";

std::string_view without_trailing_blanks(std::string_view line) {
  return line.substr(0, line.find_last_not_of(" \t") + 1);
}

}  // namespace

std::optional<JoinedMessage> MessageJoiner::add(std::string_view line) {
  typed_ += (pending() ? "\n" : "") + std::string(line);
  if (!pending() && line.starts_with(kQuotes)) {
    quoted_ = true;
    line.remove_prefix(kQuotes.size());
  }
  if (quoted_) {
    const std::string_view content = without_trailing_blanks(line);
    const bool closed = content.ends_with(kQuotes);
    text_ += closed ? content.substr(0, content.size() - kQuotes.size()) : line;
    if (closed) return take();
    text_ += '\n';
    return std::nullopt;
  }
  continued_ = line.ends_with('\\');
  if (continued_) line.remove_suffix(1);
  text_ += line;
  if (!continued_) return take();
  text_ += '\n';
  return std::nullopt;
}

std::optional<JoinedMessage> MessageJoiner::finish() {
  if (quoted_) {
    clear();
    throw Error("the input ended in a block that \"\"\" began; close it with \"\"\" at the end of a line");
  }
  if (!continued_) return std::nullopt;
  text_.pop_back();
  return take();
}

std::optional<JoinedMessage> MessageJoiner::take() {
  JoinedMessage message{text_, quoted_ ? typed_ : text_, quoted_};
  if (quoted_) {  // the lines of the quotes themselves are no part of it
    if (message.text.starts_with('\n')) message.text.erase(0, 1);
    if (message.text.ends_with('\n')) message.text.pop_back();
  }
  clear();
  return message;
}

}  // namespace ktlm::cli
