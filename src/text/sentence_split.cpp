// A stop (. ! ? … and their full-width forms) ends a sentence where white space follows it; a full stop also does
// between a verb's ending and the next word ("했다.그리고"). What else a full stop can be is decided by the word before
// it: a number, a date, an abbreviation, the mark of a list item. One pass; each test looks at a few bytes around the
// stop.
#include "ktlm/text/sentence_split.h"

#include <algorithm>
#include <array>

#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"

namespace ktlm::text {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
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

// Endings of Korean declaratives and questions: behind them a full stop needs no white space, and an ellipsis ends.
constexpr auto kFinalSyllables = std::to_array<std::string_view>({"다", "요", "죠", "까"});

// Behind a closing quotation mark: the quotation goes on as part of its sentence.
constexpr auto kQuoteParticles =
    std::to_array<std::string_view>({"라고", "이라고", "하고", "라는", "이라는", "라며", "하며", "라면서", "하는 "});

constexpr auto kAbbreviations = std::to_array<std::string_view>(
    {"Dr",   "Mr",  "Mrs", "Ms",  "Prof", "St",  "Sr",  "Jr",  "Rev", "Gen", "Col", "Capt",
     "Lt",   "Sgt", "No",  "no",  "Nos",  "vs",  "cf",  "etc", "al",  "Inc", "Ltd", "Co",
     "Corp", "Vol", "vol", "Fig", "fig",  "pp",  "ed",  "eds", "Jan", "Feb", "Mar", "Apr",
     "Jun",  "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec", "op",  "Op",  "ca",  "approx"});

bool ends_with_final_syllable(std::string_view text) {
  return text.size() >= 3 && is_one_of(text.substr(text.size() - 3), kFinalSyllables);
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

  const size_t next = after.find_first_not_of(" \t");
  const char follower = next == std::string_view::npos ? '\n' : after[next];
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
    const bool is_initial = word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z';
    if (has_inner_stop || is_initial || is_one_of(word, kAbbreviations)) return false;
    return !(follower >= 'a' && follower <= 'z');
  }
  return true;
}

/// Whether a sentence ends behind the stops and closing marks that end at `end`. `stop_begin` .. `stop_end` are the
/// stops.
bool is_sentence_end(std::string_view text, size_t begin, size_t stop_begin, size_t stop_end, size_t end) {
  const std::string_view before = text.substr(begin, stop_begin - begin);
  const std::string_view stops = text.substr(stop_begin, stop_end - stop_begin);
  const std::string_view after = text.substr(end);
  const bool is_closed = end > stop_end;
  if (after.empty() || after[0] == '\n') return true;
  const bool is_full_stop = stops == "." || stops == "。" || stops == "．";
  if (!is_space(after[0])) {
    return !is_closed && is_full_stop && ends_with_final_syllable(before) && starts_with_hangul(after);
  }
  if (is_closed) {
    const size_t next = after.find_first_not_of(' ');
    if (next != std::string_view::npos && !prefix_among(after.substr(next), kQuoteParticles).empty()) return false;
  }
  if (stops == ".") return full_stop_ends(before, after);
  // An ellipsis is as often a pause.
  if (stops.find_first_of("!?") == std::string_view::npos && (stops.starts_with("…") || stops.starts_with(".."))) {
    return ends_with_final_syllable(before);
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::vector<std::string_view> split_sentences(std::string_view text) {
  std::vector<std::string_view> sentences;
  size_t begin = 0;
  const auto end_sentence = [&](size_t end) {
    const std::string_view sentence = trimmed(text.substr(begin, end - begin));
    if (!sentence.empty()) sentences.push_back(sentence);
    begin = end;
  };
  for (size_t position = 0; position < text.size();) {
    while (begin == position && position < text.size() && is_space(text[position])) begin = ++position;
    if (position == text.size()) break;
    const char c = text[position];
    if (c == '\n') {
      end_sentence(position);
      continue;
    }
    // Only these bytes can start a stop: ASCII, or the lead bytes of … (E2), 。 (E3) and the full-width forms (EF).
    const bool may_stop = c == '.' || c == '!' || c == '?' || c == '\xE2' || c == '\xE3' || c == '\xEF';
    size_t stop_end = position;
    while (may_stop) {
      const std::string_view stop = prefix_among(text.substr(stop_end), kStops);
      if (stop.empty()) break;
      stop_end += stop.size();
    }
    if (stop_end == position) {
      ++position;
      continue;
    }
    size_t end = stop_end;
    for (std::string_view closer; !(closer = prefix_among(text.substr(end), kClosers)).empty();) end += closer.size();
    if (is_sentence_end(text, begin, position, stop_end, end)) end_sentence(end);
    position = end;
  }
  end_sentence(text.size());
  return sentences;
}

}  // namespace ktlm::text
