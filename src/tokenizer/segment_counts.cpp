#include "segment_counts.h"

#include <algorithm>

#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"
#include "ktlm/text/word_units.h"
#include "pieces.h"

namespace ktlm::tokenizer {
namespace {

// Longer runs (base64, unspaced Chinese) are cut: a piece is at most kMaxPieceCharacters long, so that little is lost.
constexpr size_t kMaxSegmentBytes = 256;

enum class Kind { kHangul, kHan, kLatin, kDigit, kSpace, kBreak, kPunctuation, kOther };

Kind kind_of(char32_t c) {
  if (c == ' ') return Kind::kSpace;
  if (c == '\n' || c == '\t' || c == kSpaceMark) return Kind::kBreak;
  switch (text::script_of(c)) {
    case text::Script::kHangulSyllable:
    case text::Script::kHangulJamo:
      return Kind::kHangul;
    case text::Script::kHanja:
    case text::Script::kKana:
      return Kind::kHan;
    case text::Script::kLatin:
      return Kind::kLatin;
    case text::Script::kDigit:
      return Kind::kDigit;
    case text::Script::kPunctuation:
      return Kind::kPunctuation;
    case text::Script::kSpace:
    case text::Script::kOther:
      break;
  }
  return Kind::kOther;
}

// A segment is of one script, so that its first character tells.
bool is_korean(std::string_view segment) {
  size_t position = 0;
  return !segment.empty() && kind_of(text::decode_utf8(segment, position)) == Kind::kHangul;
}

}  // namespace

void SegmentCounts::count(std::string_view segment) {
  if (segment.front() == ' ') {
    spaced_ = kSpaceMarkUtf8;
    spaced_ += segment.substr(1);
    segment = spaced_;
  }
  const auto found = counts_.find(segment);
  if (found != counts_.end())
    ++found->second;
  else
    counts_.emplace(segment, 1);
}

void SegmentCounts::add(std::string_view text) {
  size_t begin = 0;
  Kind previous = Kind::kBreak;
  for (size_t position = 0; position < text.size();) {
    const size_t start = position;
    const Kind kind = kind_of(text::decode_utf8(text, position));
    const bool joins = kind == previous ? kind != Kind::kDigit && kind != Kind::kSpace
                                        : previous == Kind::kSpace && kind != Kind::kDigit && kind != Kind::kBreak;
    if (!joins || position - begin > kMaxSegmentBytes) {
      if (previous != Kind::kBreak) count(text.substr(begin, start - begin));
      begin = start;
    }
    previous = kind;
  }
  if (previous != Kind::kBreak) count(text.substr(begin));
}

std::vector<SegmentCounts::Segment> SegmentCounts::take() {
  std::vector<Segment> segments;
  segments.reserve(counts_.size());
  while (!counts_.empty()) {
    auto node = counts_.extract(counts_.begin());
    segments.push_back({std::move(node.key()), node.mapped()});
  }
  std::ranges::sort(segments, {}, &Segment::text);
  return segments;
}

std::vector<SegmentCounts::Segment> split_particles(const std::vector<SegmentCounts::Segment>& segments) {
  std::unordered_map<std::string, int64_t> counts;
  std::vector<std::string_view> units;
  for (const auto& [key, count] : segments) {
    const std::string_view segment = key;
    const size_t word = segment.starts_with(kSpaceMarkUtf8) ? kSpaceMarkUtf8.size() : 0;
    units.clear();
    // Of other scripts split_word_units makes other units: punctuation, mark by mark.
    if (is_korean(segment.substr(word))) text::split_word_units(segment.substr(word), units);
    size_t begin = 0;
    for (const std::string_view unit : units) {
      const auto end = static_cast<size_t>(unit.data() + unit.size() - segment.data());
      counts[std::string(segment.substr(begin, end - begin))] += count;
      begin = end;
    }
    if (units.empty()) counts[key] += count;
  }
  std::vector<SegmentCounts::Segment> split;
  split.reserve(counts.size());
  for (const auto& [text, count] : counts) split.push_back({text, count});
  std::ranges::sort(split, {}, &SegmentCounts::Segment::text);
  return split;
}

}  // namespace ktlm::tokenizer
