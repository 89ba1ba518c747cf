// How much of a text repeats itself, as GopherRepetitionFilter of datatrove measures it: the most frequent n-gram of
// words, and the n-grams that came before. Bounds from one table settle almost every text; only one that is over a
// bound is counted out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ktlm::corpus {

inline constexpr size_t kMaxNgram = 10;

/// A text's words, summed up, so that hash and length of any n-gram are a difference of two entries.
class WordSums {
 public:
  /// Begins a text of at most `max_words` words.
  void start(size_t max_words);
  /// Up to 2^32 - 1 characters in all.
  void add(uint64_t hash, uint32_t chars) {
    const size_t before = num_words_++;
    hashes_[num_words_] = hashes_[before] * kFactor + hash;
    chars_[num_words_] = chars_[before] + chars;
  }

  size_t num_words() const { return num_words_; }
  size_t num_ngrams(size_t n) const { return num_words() < n ? 0 : num_words() - n + 1; }
  /// Of the n words from `first` on; n is at most kMaxNgram.
  uint64_t hash(size_t first, size_t n) const { return hashes_[first + n] - hashes_[first] * kPowers[n]; }
  /// Without what stands between the words.
  uint32_t chars(size_t first, size_t n) const { return chars_[first + n] - chars_[first]; }

 private:
  static constexpr uint64_t kFactor = 0x9E3779B97F4A7C15;
  static constexpr auto kPowers = [] {
    std::array<uint64_t, kMaxNgram + 1> powers{1};
    for (size_t n = 1; n <= kMaxNgram; ++n) powers[n] = powers[n - 1] * kFactor;
    return powers;
  }();

  size_t num_words_ = 0;
  std::vector<uint64_t> hashes_;  // of the words before
  std::vector<uint32_t> chars_;   // in the words before
};

/// Answers for one text after another; keeps its tables.
class RepetitionMeter {
 public:
  /// Whether the most frequent n-gram (of several, the first) takes more than `limit_chars[n]` characters, a space
  /// between its words counted, for any n from 2 to 4.
  bool top_ngram_exceeds(const WordSums& words, const std::array<double, 5>& limit_chars);
  /// Whether the n-grams that came before in the same stretch of 1,000 words, taken from left to right without overlap,
  /// hold more than `limit_chars[n]` characters, for any n from 5 to 10. GopherRepetitionFilter looks back to the
  /// text's beginning; but the longer a text, the more of its phrases came before, and a fifth of all Korean statutes
  /// fell.
  bool repeated_ngrams_exceed(const WordSums& words, const std::array<double, kMaxNgram + 1>& limit_chars);

 private:
  static constexpr size_t kMinRepeated = 5, kStretchWords = 1000;
  static constexpr int kSeenBits = 11, kSeenShift = 64 - kSeenBits;

  size_t max_count_bound(const WordSums& words);
  bool insert(uint64_t hash);
  void clear_seen();
  std::array<double, kMaxNgram + 1> repeated_chars_bounds(const WordSums& words);
  uint64_t repeated_chars(const WordSums& words, size_t n);

  std::vector<uint32_t> counts_;
  std::array<uint64_t, size_t{1} << kSeenBits> seen_;  // half full at most; 0 is empty
};

}  // namespace ktlm::corpus
