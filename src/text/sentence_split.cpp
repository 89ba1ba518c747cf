// A stop (. ! ? … and their full-width forms) ends a sentence where white space follows it, and behind a predicate's
// ending also without ("했다.그리고"). Behind a clear ending white space alone will do, as in reviews and chats. What
// else a full stop can be is decided by the word before it: a number, a date, an abbreviation, the mark of a list item.
// Brackets, and quotations that their sentence goes on from, stay whole. One pass; each test looks at a few bytes.
#include "ktlm/text/sentence_split.h"

#include <algorithm>
#include <array>

#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"
#include "sentence_enclosures.h"
#include "sentence_endings.h"

namespace ktlm::text {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || is_capital(c); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

template <size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The first of `words` that `text` starts with, or "".
template <size_t N>
std::string_view prefix_among(std::string_view text, const std::array<std::string_view, N>& words) {
  for (const std::string_view word : words) {
    if (text.starts_with(word)) return word;
  }
  return {};
}

constexpr auto kStops = std::to_array<std::string_view>({".", "!", "?", "…", "。", "！", "？", "．"});
constexpr auto kClosers =
    std::to_array<std::string_view>({"\"", "'", ")", "]", "}", "”", "’", "」", "』", "》", "〉", "】", "）", "］"});
constexpr auto kOpeners =
    std::to_array<std::string_view>({"\"", "'", "(", "[", "“", "‘", "「", "『", "《", "〈", "【", "（", "［"});

// What people put behind a sentence instead of a stop, or after one.
constexpr auto kMoods =
    std::to_array<std::string_view>({"ㅋ", "ㅎ", "ㅠ", "ㅜ", "^", "~", "～", ";", "♥", "♡", "★", "☆"});

constexpr auto kAbbreviations = std::to_array<std::string_view>(
    {"Dr",   "Mr",  "Mrs", "Ms",  "Prof", "St",  "Sr",  "Jr",  "Rev", "Gen", "Col", "Capt",
     "Lt",   "Sgt", "No",  "no",  "Nos",  "vs",  "cf",  "etc", "al",  "Inc", "Ltd", "Co",
     "Corp", "Vol", "vol", "Fig", "fig",  "pp",  "ed",  "eds", "Jan", "Feb", "Mar", "Apr",
     "Jun",  "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec", "op",  "Op",  "ca",  "approx"});

size_t skip_blanks(std::string_view text, size_t position) {
  while (position < text.size() && (text[position] == ' ' || text[position] == '\t')) ++position;
  return position;
}

bool starts_with_hangul(std::string_view text) {
  size_t position = 0;
  return !text.empty() && is_hangul_syllable(decode_utf8(text, position));
}

/// The word that ends where `text` ends: back to white space or an opening bracket.
std::string_view last_word(std::string_view text) {
  size_t begin = text.size();
  while (begin > 0 && !is_space(text[begin - 1]) && text[begin - 1] != '(' && text[begin - 1] != '"') --begin;
  return text.substr(begin);
}

/// "1", "1.2", "가", "A", "iv": what numbers an item when it opens the line.
bool is_item_mark(std::string_view word) {
  if (word.size() == 3 && starts_with_hangul(word)) return true;
  if (word.size() == 1 && is_letter(word[0])) return true;
  return word.size() <= 8 && std::ranges::all_of(word, [](char c) { return is_digit(c) || c == '.' || c == '-'; });
}

/// Whether the single full stop between `before` (the sentence so far) and `after`, white space first, ends a sentence.
bool full_stop_ends(std::string_view before, std::string_view after) {
  const std::string_view word = last_word(before);
  if (word.empty()) return true;
  const bool opens_sentence = word.size() == before.size();
  if (opens_sentence && is_item_mark(word)) return false;

  const size_t next = skip_blanks(after, 0);
  const char follower = next == after.size() ? '\n' : after[next];
  if (is_digit(word.back())) {
    // "2024. 1. 5." goes on with a number, or follows one: a date.
    if (is_digit(follower)) return false;
    std::string_view earlier = before.substr(0, before.size() - word.size());
    while (!earlier.empty() && is_space(earlier.back())) earlier.remove_suffix(1);
    const bool is_number = std::ranges::all_of(word, is_digit);
    return !(is_number && earlier.size() >= 2 && earlier.back() == '.' && is_digit(earlier[earlier.size() - 2]));
  }
  if (is_letter(word.back())) {
    const bool has_inner_stop = word.find('.') != std::string_view::npos;  // U.S, e.g, a.m
    const bool is_initial = word.size() == 1 && is_capital(word[0]);
    if (has_inner_stop || is_initial || is_one_of(word, kAbbreviations)) return false;
    return !(follower >= 'a' && follower <= 'z');
  }
  return true;
}

bool is_bracket(char c) { return c == '(' || c == '['; }

bool can_start_sentence(std::string_view text) {
  if (text.empty()) return false;
  return is_digit(text[0]) || is_capital(text[0]) || starts_with_hangul(text) || !prefix_among(text, kOpeners).empty();
}

/// Whether the sentence `before` ends with the run `marks` of stops and moods and the closing marks behind it.
bool marks_end_sentence(std::string_view before, std::string_view marks, bool is_closed, std::string_view after) {
  if (after.empty() || after[0] == '\n') return true;
  const Ending ending = ending_of(before);
  const bool is_finished = ending != Ending::kOpen;
  if (!is_space(after[0]))
    return is_finished && !is_closed &&
           (can_start_sentence(after) || (ending == Ending::kClear && is_letter(after[0]))) &&
           !carries_on(after, false);
  if (carries_on(after.substr(skip_blanks(after, 0)), is_closed)) return false;
  if (marks == ".") return full_stop_ends(before, after);
  const bool is_clear = marks.find_first_of("!?") != std::string_view::npos || marks == "。" || marks == "．" ||
                        marks == "！" || marks == "？";
  return is_clear || is_finished;  // an ellipsis is as often a pause
}

size_t end_of_marks(std::string_view text, size_t position) {
  while (position < text.size()) {
    std::string_view mark = prefix_among(text.substr(position), kStops);
    if (mark.empty()) mark = prefix_among(text.substr(position), kMoods);
    if (mark.empty()) break;
    position += mark.size();
  }
  return position;
}

/// Behind a sentence that ends at `end`: where the "ㅋㅋ" or "^^" that still belongs to it ends.
size_t end_of_mood(std::string_view text, size_t end) {
  constexpr auto kFirst = std::to_array<std::string_view>({"ㅋ", "ㅎ", "ㅠ", "ㅜ", "^"});
  const size_t begin = skip_blanks(text, end);
  if (prefix_among(text.substr(begin), kFirst).empty()) return end;
  const size_t mood_end = end_of_marks(text, begin);
  return mood_end == text.size() || is_space(text[mood_end]) ? mood_end : end;
}

/// Whether the sentence `before` ends at the white space that `after` starts with, no stop between.
bool blank_ends_sentence(std::string_view before, std::string_view after) {
  if (ending_of(before) != Ending::kClear) return false;
  const std::string_view next = after.substr(skip_blanks(after, end_of_mood(after, 0)));
  if (!can_start_sentence(next) || is_bracket(next[0]) || carries_on(next, true)) return false;
  return !(before.ends_with("다") && follows_plain_form(next));
}

/// Whether a stop or a mood can start with this byte: ASCII, or the lead bytes of … ♥, of 。 ㅋ, and of the full-width
/// forms.
bool may_mark_end(char c) {
  return c == '.' || c == '!' || c == '?' || c == '~' || c == '^' || c == ';' || c == '\xE2' || c == '\xE3' ||
         c == '\xEF';
}

size_t end_of_closers(std::string_view text, size_t position, const SentenceEnclosures& enclosures) {
  while (position < text.size()) {
    const std::string_view closer = prefix_among(text.substr(position), kClosers);
    if (closer.empty()) break;
    // A straight quotation mark behind a stop may open the next sentence as well.
    const std::string_view after = text.substr(position + closer.size());
    const bool is_straight = closer == "\"" || closer == "'";
    if (is_straight && !enclosures.closes(position) && can_start_sentence(after) && !carries_on(after, true)) break;
    position += closer.size();
  }
  return position;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::vector<std::string_view> split_sentences(std::string_view text) {
  std::vector<std::string_view> sentences;
  SentenceEnclosures enclosures(text);
  size_t begin = 0;
  const auto end_sentence = [&](size_t end) {
    const std::string_view sentence = trimmed(text.substr(begin, end - begin));
    if (!sentence.empty()) sentences.push_back(sentence);
    begin = end;
  };
  for (size_t position = 0; position < text.size();) {
    while (begin == position && position < text.size() && is_space(text[position])) begin = ++position;
    if (position == text.size()) break;
    if (text[position] == '\n') {
      end_sentence(position);
      continue;
    }
    enclosures.look_at(position);
    const size_t run_end = may_mark_end(text[position]) ? end_of_marks(text, position) : position;
    const size_t end = run_end == position ? position : end_of_closers(text, run_end, enclosures);
    const std::string_view before = text.substr(begin, position - begin);
    const std::string_view after = text.substr(end);
    const bool has_marks = run_end > position;
    const bool is_end =
        !enclosures.enclose(end) &&
        (has_marks ? marks_end_sentence(before, text.substr(position, run_end - position), end > run_end, after)
                   : is_space(text[position]) && blank_ends_sentence(before, after));
    position = std::max(end, position + 1);
    if (is_end) {
      position = end_of_mood(text, end);
      end_sentence(position);
    }
  }
  end_sentence(text.size());
  return sentences;
}

}  // namespace ktlm::text
