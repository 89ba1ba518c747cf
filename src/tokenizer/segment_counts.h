// The training text as the trainer sees it: how often each segment occurs. A segment is a run of characters that may
// end up in one piece, so that counting them once replaces the text itself: memory grows with the vocabulary of the
// language, not with the corpus.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ktlm::tokenizer {

/// Segments are cut where SentencePiece cuts by default (split_by_whitespace, split_by_unicode_script, split_digits):
/// in front of a space, which becomes the "▁" that opens the next segment; at a change of script (Hangul syllables and
/// jamo count as one, Hanja and kana as one); around every digit; at newlines and tabs, which stay byte tokens.
class SegmentCounts {
 public:
  /// `text` is normalised.
  void add(std::string_view text);

  struct Segment {
    std::string text;  // UTF-8, "▁" for a space
    int64_t count;
  };
  /// In the order of their bytes, the same whatever the order of the texts. Empties the counts.
  std::vector<Segment> take();

  bool empty() const { return counts_.empty(); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  void count(std::string_view segment);

  std::unordered_map<std::string, int64_t, Hash, std::equal_to<>> counts_;
  std::string spaced_;  // scratch: "▁" and the segment behind it
};

/// The same text, cut once more: between a Korean stem and its particles or endings (text::split_word_units).
std::vector<SegmentCounts::Segment> split_particles(const std::vector<SegmentCounts::Segment>& segments);

}  // namespace ktlm::tokenizer
