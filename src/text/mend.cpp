#include "mend.h"

#include <array>
#include <string_view>

namespace ktlm::text {
namespace {

constexpr std::string_view kSeparators = " ,;\t";
constexpr std::string_view kPauses = ",;";
constexpr std::string_view kIdeographicSpace = "\xE3\x80\x80";

struct Bracket {
  std::string_view open;
  std::string_view close;
};
constexpr auto kBrackets = std::to_array<Bracket>({{"(", ")"}, {"[", "]"}, {"（", "）"}, {"〔", "〕"}});

bool has_pause(std::string_view separators) { return separators.find_first_of(kPauses) != std::string_view::npos; }

std::string_view leading_separators(std::string_view text) {
  const size_t end = text.find_first_not_of(kSeparators);
  return text.substr(0, end);
}
std::string_view trailing_separators(std::string_view text) {
  const size_t last = text.find_last_not_of(kSeparators);
  return text.substr(last == std::string_view::npos ? 0 : last + 1);
}
void strip_trailing(std::string& text, std::string_view bytes) {
  const size_t last = text.find_last_not_of(bytes);
  text.resize(last == std::string::npos ? 0 : last + 1);
}

// Between `left`, all that has been written, and `right`, the rest of the line, something was removed. Brings the two
// together: changes the end of `left` and drops the start of `right`.
void join(std::string& left, std::string_view& right) {
  while (true) {
    const std::string before(trailing_separators(left));
    const std::string_view after = leading_separators(right);
    const std::string_view left_words = std::string_view(left).substr(0, left.size() - before.size());
    const std::string_view right_words = right.substr(after.size());

    bool opens = left_words.empty();
    bool closes = right_words.empty();
    const Bracket* emptied = nullptr;
    for (const Bracket& bracket : kBrackets) {
      const bool is_open = left_words.ends_with(bracket.open);
      const bool is_close = right_words.starts_with(bracket.close);
      if (is_open && is_close) emptied = &bracket;
      opens |= is_open;
      closes |= is_close;
    }
    if (emptied != nullptr) {
      left.resize(left_words.size() - emptied->open.size());
      strip_trailing(left, " ");
      right = right_words.substr(emptied->close.size());
      continue;  // the brackets may have been all that stood in another pair
    }
    right = right_words;
    if (opens || closes) {
      left.resize(left_words.size());
      return;
    }
    if (before.empty() && after.empty()) return;
    left.resize(left_words.size());
    if (has_pause(before) || has_pause(after)) {
      // One pause of several; the one on the left is the older.
      const std::string_view pauses = has_pause(before) ? std::string_view(before) : after;
      left += pauses[pauses.find_first_of(kPauses)];
      if (before.ends_with(' ') || after.ends_with(' ')) left += ' ';
    } else if (std::string_view(".?!:").find(right_words.front()) == std::string_view::npos) {
      left += ' ';
    }
    return;
  }
}

}  // namespace

void mend_line(std::string& line, const std::vector<size_t>& scars) {
  if (!scars.empty()) {
    std::string left;
    left.reserve(line.size());
    std::string_view right = line;
    for (const size_t scar : scars) {
      const size_t consumed = line.size() - right.size();
      if (scar < consumed) continue;  // within what the scar before has taken
      left += right.substr(0, scar - consumed);
      right.remove_prefix(scar - consumed);
      join(left, right);
    }
    left += right;
    line.swap(left);
  }
  strip_trailing(line, " \t\r");
  size_t begin = line.find_first_not_of(" \t");
  begin = begin == std::string::npos ? line.size() : begin;
  while (line.compare(begin, kIdeographicSpace.size(), kIdeographicSpace) == 0) begin += kIdeographicSpace.size();
  line.erase(0, begin);
}

}  // namespace ktlm::text
