#include "sentence_enclosures.h"

#include <algorithm>

#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"
#include "sentence_endings.h"

namespace ktlm::text {
namespace {

// ASCII, or the lead byte of “ ‘ and of 「 《 〈.
bool may_be_opener(char c) { return c == '(' || c == '[' || c == '"' || c == '\'' || c == '\xE2' || c == '\xE3'; }

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

void SentenceEnclosures::look_at(size_t position) {
  if (!may_be_opener(text_[position])) return;
  const std::string_view rest = text_.substr(position);
  for (Kind& kind : kinds_) {
    if (!rest.starts_with(kind.opener) || position == kind.close) continue;
    if (kind.opener == kind.closer && !may_open(position)) continue;
    // A closer found for an earlier opener serves this one too: each byte is searched once per kind.
    if (kind.next_closer <= position) search_closer(kind, position + kind.opener.size());
    const size_t close = kind.next_closer;
    if (!kind.is_closed || close - position > kind.max_bytes) return;
    kind.close = close;
    const size_t behind = close + (static_cast<unsigned char>(text_[close]) >= 0x80 ? 3 : 1);
    if (kind.max_bytes == kMaxBracket) {
      end_ = std::max(end_, close);
    } else if (sentence_goes_on(behind)) {
      end_ = std::max(end_, behind + 1);
    }
    return;
  }
}

bool SentenceEnclosures::closes(size_t position) const {
  return std::ranges::any_of(kinds_, [&](const Kind& kind) { return kind.close == position; });
}

void SentenceEnclosures::search_closer(Kind& kind, size_t from) const {
  kind.is_closed = false;
  for (kind.next_closer = from; kind.next_closer < text_.size(); ++kind.next_closer) {
    const std::string_view rest = text_.substr(kind.next_closer);
    if (rest[0] == '\n') return;
    if (!rest.starts_with(kind.closer) && !rest.starts_with(kind.other_closer)) continue;
    kind.is_closed = !must_open(kind.next_closer);
    return;
  }
}

bool SentenceEnclosures::may_open(size_t position) const {
  if (position + 1 >= text_.size() || is_blank(text_[position + 1])) return false;
  constexpr std::string_view kBefore = " \t\n([,.!?\\";
  return position == 0 || kBefore.find(text_[position - 1]) != std::string_view::npos;
}

/// A straight mark between white space and a word: the quotation before it was never closed.
bool SentenceEnclosures::must_open(size_t position) const {
  const bool is_straight = text_[position] == '"' || text_[position] == '\'';
  return is_straight && position > 0 && is_blank(text_[position - 1]) && position + 1 < text_.size() &&
         !is_blank(text_[position + 1]);
}

bool SentenceEnclosures::sentence_goes_on(size_t behind) const {
  const std::string_view rest = text_.substr(behind);
  size_t position = 0;
  if (!rest.empty() && is_hangul_syllable(decode_utf8(rest, position))) return true;
  const size_t next = rest.find_first_not_of(' ');
  return next != std::string_view::npos && carries_on(rest.substr(next), true);
}

}  // namespace ktlm::text
