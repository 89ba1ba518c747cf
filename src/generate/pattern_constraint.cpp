#include "ktlm/generate/pattern_constraint.h"

#include <algorithm>
#include <utility>

#include "ktlm/text/utf8.h"

namespace ktlm::generate {

namespace {

constexpr char32_t kRemembered = 0x10000;

// What the characters that begin with some bytes lie between.
struct CodePoints {
  char32_t first, last;
};

CodePoints beginning_with(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t first = lead & (0x7FU >> length), last = first;
  for (size_t i = 1; i < length; ++i) {
    const bool is_there = i < bytes.size();
    const char32_t six_bits = is_there ? static_cast<unsigned char>(bytes[i]) & 0x3FU : 0;
    first = first << 6 | six_bits;
    last = last << 6 | (is_there ? six_bits : 0x3F);
  }
  constexpr char32_t kLeastOfLength[] = {0x80, 0x800, 0x10000};
  return {std::max(first, kLeastOfLength[length - 2]), std::min<char32_t>(last, 0x10FFFF)};
}

}  // namespace

PatternConstraint::PatternConstraint(std::shared_ptr<const TextPattern> pattern)
    : pattern_(pattern), matcher_(std::move(pattern)), is_asked_(kRemembered), is_fitting_(kRemembered) {}

std::unique_ptr<TokenConstraint> PatternConstraint::clone() const { return std::make_unique<PatternConstraint>(*this); }

// Of the characters that match wherever this one does, the first; thousands of syllables are then one question.
char32_t PatternConstraint::first_alike(char32_t code_point) const {
  if (code_point < 0x80 || !pattern_->has_borders_alone()) return code_point;
  const std::vector<char32_t>& borders = pattern_->borders();
  const auto next = std::upper_bound(borders.begin(), borders.end(), code_point);
  return next == borders.begin() ? 0x80 : *std::prev(next);
}

bool PatternConstraint::first_character_fits(char32_t code_point) {
  code_point = first_alike(code_point);
  const auto fits = [&] {
    std::string character;
    text::append_utf8(character, code_point);
    return matcher_.fits(character);
  };
  if (code_point >= kRemembered) return fits();
  if (!is_asked_[code_point]) {
    is_asked_[code_point] = true;
    is_fitting_[code_point] = fits();
  }
  return is_fitting_[code_point];
}

// Looks for one behind the matcher's text and `text`: at the first and the pattern's borders, and, for its classes by
// property, at 64 places between. What is found here is found again with the character's next byte.
bool PatternConstraint::character_can_follow(const std::string& text, std::string_view beginning) {
  const CodePoints range = beginning_with(beginning);
  const auto fits = [&](char32_t code_point) {
    if (code_point >= 0xD800 && code_point <= 0xDFFF) return false;
    if (text.empty()) return first_character_fits(code_point);
    std::string more = text;
    text::append_utf8(more, code_point);
    return matcher_.fits(more);
  };
  const std::vector<char32_t>& borders = pattern_->borders();
  const auto first = std::lower_bound(borders.begin(), borders.end(), range.first);
  const auto last = std::upper_bound(first, borders.end(), range.last);
  if (fits(range.first) || std::any_of(first, last, fits)) return true;
  if (pattern_->has_borders_alone()) return false;
  const char32_t step = range.last - range.first < 64 ? 1 : range.last - range.first < 4096 ? 64 : 4096;
  for (char32_t code_point = range.first; code_point <= range.last; code_point += step)
    if (fits(code_point)) return true;
  return false;
}

bool PatternConstraint::allows(std::string_view bytes) {
  const std::string joined = unfinished_.empty() ? std::string() : unfinished_ + std::string(bytes);
  if (!joined.empty()) bytes = joined;
  const std::string_view beginning = bytes.substr(bytes.size() - text::incomplete_utf8_suffix(bytes));
  const std::string_view whole = bytes.substr(0, bytes.size() - beginning.size());
  if (!text::is_valid_utf8(whole)) return false;
  if (!whole.empty()) {
    size_t end = 0;
    if (!first_character_fits(text::decode_utf8(whole, end))) return false;
    if (end < whole.size() && !matcher_.fits(whole)) return false;
  }
  return beginning.empty() || character_can_follow(std::string(whole), beginning);
}

bool PatternConstraint::may_end() { return unfinished_.empty() && matcher_.matches(); }

void PatternConstraint::accept(std::string_view bytes) {
  unfinished_ += bytes;
  const size_t size = unfinished_.size() - text::incomplete_utf8_suffix(unfinished_);
  if (size == 0) return;
  matcher_.append(std::string_view(unfinished_).substr(0, size));
  unfinished_.erase(0, size);
  is_asked_.assign(kRemembered, false);
}

}  // namespace ktlm::generate
