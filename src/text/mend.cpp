#include "mend.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "sentence_endings.h"

namespace ktlm::text {
namespace {

// What separates words within brackets, and of these what is a pause. Of several pauses in a row one stays.
constexpr auto kPauses = std::to_array<std::string_view>({",", ";", "、", "，", "；", "·", "・"});
constexpr std::string_view kSpaces = " \t";
// What, alone between two brackets, says nothing: "( ~ )", "(: )".
constexpr auto kFillers = std::to_array<std::string_view>({"~", "-", "–", "—", ":", "：", "/", "=", "|"});
constexpr std::string_view kIdeographicSpace = "\xE3\x80\x80";

struct Bracket {
  std::string_view open;
  std::string_view close;
};
constexpr auto kBrackets = std::to_array<Bracket>({{"(", ")"},
                                                   {"[", "]"},
                                                   {"（", "）"},
                                                   {"〔", "〕"},
                                                   {"《", "》"},
                                                   {"〈", "〉"},
                                                   {"「", "」"},
                                                   {"『", "』"},
                                                   {"“", "”"},
                                                   {"‘", "’"}});

// The length of the space, pause or (where asked for) filler at the end, or the start, of the text; 0 for anything
// else.
size_t separator_at_end(std::string_view text, bool with_fillers) {
  if (text.empty()) return 0;
  if (kSpaces.find(text.back()) != std::string_view::npos) return 1;
  const auto ends = [&](std::string_view mark) { return text.ends_with(mark); };
  if (const auto pause = std::ranges::find_if(kPauses, ends); pause != kPauses.end()) return pause->size();
  if (!with_fillers) return 0;
  const auto filler = std::ranges::find_if(kFillers, ends);
  return filler == kFillers.end() ? 0 : filler->size();
}
size_t separator_at_start(std::string_view text, bool with_fillers) {
  if (text.empty()) return 0;
  if (kSpaces.find(text.front()) != std::string_view::npos) return 1;
  const auto starts = [&](std::string_view mark) { return text.starts_with(mark); };
  if (const auto pause = std::ranges::find_if(kPauses, starts); pause != kPauses.end()) return pause->size();
  if (!with_fillers) return 0;
  const auto filler = std::ranges::find_if(kFillers, starts);
  return filler == kFillers.end() ? 0 : filler->size();
}

// How far from a scar its traces are looked for: a line may hold a hundred thousand scars.
constexpr size_t kReach = 200;

std::string_view without_trailing(std::string_view text, bool with_fillers) {
  const size_t least = text.size() - std::min(text.size(), kReach);
  while (const size_t length = text.size() > least ? separator_at_end(text, with_fillers) : 0)
    text.remove_suffix(length);
  return text;
}
std::string_view without_leading(std::string_view text, bool with_fillers) {
  const size_t least = text.size() - std::min(text.size(), kReach);
  while (const size_t length = text.size() > least ? separator_at_start(text, with_fillers) : 0) {
    text.remove_prefix(length);
  }
  return text;
}

void strip_trailing(std::string& text, std::string_view bytes) {
  const size_t last = text.find_last_not_of(bytes);
  text.resize(last == std::string::npos ? 0 : last + 1);
}

std::string_view first_pause(std::string_view separators) {
  for (; !separators.empty(); separators.remove_prefix(1)) {
    for (const std::string_view pause : kPauses) {
      if (separators.starts_with(pause)) return pause;
    }
  }
  return {};
}

// "(한자: ^)", "(^, 한자: ^)": a label whose words were removed, from the bracket or the pause before it to its colon.
// Returns where it begins, or npos. Outside brackets a colon introduces what follows on other lines.
size_t label_begin(std::string_view left) {
  constexpr size_t kLongestLabel = 60;
  const size_t colon_size = left.ends_with(':') ? 1 : left.ends_with("：") ? std::string_view("：").size() : 0;
  if (colon_size == 0) return std::string_view::npos;
  for (size_t begin = left.size() - colon_size; begin > 0 && left.size() - begin <= kLongestLabel; --begin) {
    const std::string_view before = left.substr(0, begin);
    for (const Bracket& bracket : kBrackets) {
      if (before.ends_with(bracket.open)) return begin;
      if (before.ends_with(bracket.close)) return std::string_view::npos;
    }
    const bool follows_pause =
        std::ranges::any_of(kPauses, [&](std::string_view pause) { return before.ends_with(pause); });
    if (!follows_pause) continue;
    const std::string_view near = before.substr(before.size() - std::min(before.size(), kReach));
    const size_t open = std::max(near.rfind('(') + 1, near.rfind("（") + 1);  // 0 where there is none
    const bool is_inside = open > 0 && near.find(')', open) == std::string_view::npos;
    return is_inside ? begin : std::string_view::npos;
  }
  return std::string_view::npos;
}

// Between `left`, all that has been written, and `right`, the rest of the line, something was removed. Brings the two
// together: changes the end of `left` and drops the start of `right`.
void join(std::string& left, std::string_view& right, bool had_words) {
  while (true) {
    const std::string_view left_words = without_trailing(left, false);
    const std::string_view right_words = without_leading(right, false);
    const std::string before(std::string_view(left).substr(left_words.size()));
    const std::string_view after = right.substr(0, right.size() - right_words.size());

    const std::string_view left_core = without_trailing(left_words, true);
    const std::string_view right_core = without_leading(right_words, true);
    bool opens = left_words.empty();
    bool closes = right_words.empty();
    bool closes_bracket = false;
    const Bracket* emptied = nullptr;
    for (const Bracket& bracket : kBrackets) {
      if (left_core.ends_with(bracket.open) && right_core.starts_with(bracket.close)) emptied = &bracket;
      opens |= left_words.ends_with(bracket.open);
      closes_bracket |= right_words.starts_with(bracket.close);
    }
    closes |= closes_bracket;
    if (emptied != nullptr) {
      right = right_core.substr(emptied->close.size());
      left.resize(left_core.size() - emptied->open.size());
      strip_trailing(left, kSpaces);
      continue;  // the brackets may have been all that stood in another pair
    }
    if (closes_bracket || !first_pause(after).empty()) {
      if (const size_t label = label_begin(left_words); label != std::string_view::npos) {
        left.resize(label);
        continue;
      }
      if (!closes_bracket && is_label(left_words)) {
        // "전화: ^, 팩스: 02": nothing is left to introduce. In "국적: ^, 대한민국" the rest is, and only the pause
        // goes.
        const bool next_is_label = starts_with_label(right_words);
        if (!next_is_label && !right_words.empty()) {
          left.resize(left_words.size());
          left += ' ';
          right = right_words;
          return;
        }
        if (next_is_label && had_words) {
          left.clear();
          continue;
        }
      }
    }
    right = right_words;
    if (opens || closes) {
      left.resize(left_words.size());
      // A colon at the start of a line introduced nothing that is left.
      if (left.empty() && right.starts_with(": ")) right = without_leading(right, true);
      return;
    }
    if (before.empty() && after.empty()) return;
    left.resize(left_words.size());
    const bool ends_sentence = std::string_view(".?!").find(right_words.front()) != std::string_view::npos;
    if (ends_sentence) return;
    if (const std::string_view pause = first_pause(before); !pause.empty()) {
      left += pause;  // the older of several
      if (before.ends_with(' ') || after.ends_with(' ')) left += ' ';
    } else if (const std::string_view later = first_pause(after); !later.empty()) {
      left += later;
      if (before.ends_with(' ') || after.ends_with(' ')) left += ' ';
    } else if (right_words.front() != ':') {
      left += ' ';
    }
    return;
  }
}

}  // namespace

bool is_label(std::string_view line) {
  constexpr size_t kLongestLabel = 60;
  constexpr std::ptrdiff_t kMaxSpaces = 2;
  const size_t colon_size = line.ends_with(':') ? 1 : line.ends_with("：") ? std::string_view("：").size() : 0;
  if (colon_size == 0 || line.size() <= colon_size || line.size() > kLongestLabel) return false;
  const std::string_view words = line.substr(0, line.size() - colon_size);
  if (words.find_first_of(".?!:") != std::string_view::npos || std::ranges::count(words, ' ') > kMaxSpaces)
    return false;
  if (std::ranges::count(words, '(') != std::ranges::count(words, ')')) return false;
  constexpr auto kClauseEnds = std::to_array<std::string_view>(
      {"면", "고", "서", "며", "은", "는", "을", "를", "에", "로", "와", "과", "음", "함", "됨"});
  return ending_of(words) == Ending::kOpen &&
         std::ranges::none_of(kClauseEnds, [&](std::string_view end) { return words.ends_with(end); });
}

bool starts_with_label(std::string_view line) {
  constexpr size_t kFarthest = 80;
  const std::string_view near = line.substr(0, kFarthest);
  const size_t colon = std::min(near.find(':'), near.find("："));
  if (colon == std::string_view::npos) return false;
  const size_t end = colon + (near[colon] == ':' ? 1 : std::string_view("：").size());
  const std::string_view label = line.substr(0, end);
  if (std::ranges::any_of(kPauses, [&](std::string_view pause) { return label.find(pause) != std::string_view::npos; }))
    return false;
  const char next = end < line.size() ? line[end] : ' ';
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return next != '/' && !(colon > 0 && is_digit(line[colon - 1]) && is_digit(next)) && is_label(label);
}

void mend_line(std::string& line, const std::vector<Scar>& scars) {
  if (!scars.empty()) {
    // Scars with nothing but spaces between them are mended as one.
    std::vector<bool> had_words(scars.size());
    for (size_t i = scars.size(); i-- > 0;) {
      had_words[i] = scars[i].had_words;
      if (had_words[i] || i + 1 == scars.size() || !had_words[i + 1]) continue;
      const size_t begin = scars[i].position;
      const std::string_view between = std::string_view(line).substr(begin, scars[i + 1].position - begin);
      had_words[i] = between.find_first_not_of(kSpaces) == std::string_view::npos;
    }
    std::string left;
    left.reserve(line.size());
    std::string_view right = line;
    for (size_t i = 0; i < scars.size(); ++i) {
      const size_t consumed = line.size() - right.size();
      if (scars[i].position < consumed) continue;  // within what the scar before has taken
      left += right.substr(0, scars[i].position - consumed);
      right.remove_prefix(scars[i].position - consumed);
      join(left, right, had_words[i]);
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
