#include "repetition.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace ktlm::corpus {

namespace {

uint64_t length_with_spaces(const WordSums& words, size_t first, size_t n) { return words.chars(first, n) + n - 1; }

int shift_to(size_t table_size) { return 64 - std::countr_zero(table_size); }

// An n-gram that occurs at most `max_count` times needs a certain length to hold more than `limit` characters; where
// all n-grams of that length together don't, none does.
bool may_exceed(const WordSums& words, size_t n, double limit, size_t max_count) {
  const auto min_length = static_cast<uint64_t>(limit / static_cast<double>(std::max<size_t>(max_count, 1)));
  uint64_t sum = 0;
  for (size_t i = 0; i < words.num_ngrams(n); ++i) {
    const uint64_t length = length_with_spaces(words, i, n);
    sum += length >= min_length ? length : 0;
  }
  return static_cast<double>(sum) > limit;
}

uint64_t top_ngram_chars(const WordSums& words, size_t n) {
  struct Count {
    uint32_t count = 0;
    size_t first = 0;
  };
  std::unordered_map<uint64_t, Count> counts;
  Count top;
  for (size_t i = 0; i < words.num_ngrams(n); ++i) {
    Count& entry = counts.try_emplace(words.hash(i, n), Count{0, i}).first->second;
    ++entry.count;
    if (entry.count > top.count || (entry.count == top.count && entry.first < top.first)) top = entry;
  }
  return top.count == 0 ? 0 : top.count * length_with_spaces(words, top.first, n);
}

}  // namespace

void WordSums::start(size_t max_words) {
  num_words_ = 0;
  if (hashes_.size() <= max_words) {
    hashes_.resize(max_words + 1);
    chars_.resize(max_words + 1);
  }
}

// How often the most frequent 2-gram occurs, or more: counters that 2-grams may share. No 3- or 4-gram occurs more
// often.
size_t RepetitionMeter::max_count_bound(const WordSums& words) {
  const size_t size = std::bit_ceil(std::max<size_t>(words.num_words(), 64));
  counts_.assign(size, 0);
  const int shift = shift_to(size);
  uint32_t max_count = 0;
  for (size_t i = 0; i < words.num_ngrams(2); ++i)
    max_count = std::max(max_count, ++counts_[words.hash(i, 2) >> shift]);
  return max_count;
}

bool RepetitionMeter::top_ngram_exceeds(const WordSums& words, const std::array<double, 5>& limit_chars) {
  const size_t max_count = max_count_bound(words);
  for (const size_t n : {2, 3, 4}) {
    if (!may_exceed(words, n, limit_chars[n], max_count)) continue;
    if (static_cast<double>(top_ngram_chars(words, n)) > limit_chars[n]) return true;
  }
  return false;
}

void RepetitionMeter::clear_seen() { seen_.fill(0); }

// False where it was there.
bool RepetitionMeter::insert(uint64_t hash) {
  hash |= hash == 0;
  for (size_t slot = hash >> kSeenShift;; slot = (slot + 1) % seen_.size()) {
    if (seen_[slot] == hash) return false;
    if (seen_[slot] == 0) {
      seen_[slot] = hash;
      return true;
    }
  }
}

// An n-gram that came before is, for n >= 5, a run of n - 4 5-grams that came before: by n, the characters under runs
// of that length or more, which are the most that n-grams can count.
std::array<double, kMaxNgram + 1> RepetitionMeter::repeated_chars_bounds(const WordSums& words) {
  std::array<double, kMaxNgram + 1> bounds{};  // at first by the greatest n that fits into the run
  for (size_t begin = 0; begin < words.num_words(); begin += kStretchWords) {
    const size_t end = std::min(begin + kStretchWords, words.num_words());
    clear_seen();
    size_t run = 0;
    for (size_t i = begin; i + kMinRepeated <= end + 1; ++i) {
      if (i + kMinRepeated <= end && !insert(words.hash(i, kMinRepeated))) {
        ++run;
      } else if (run > 0) {
        const size_t run_words = run + kMinRepeated - 1;
        bounds[std::min(run_words, kMaxNgram)] += words.chars(i - run, run_words);
        run = 0;
      }
    }
  }
  for (size_t n = kMaxNgram; n > kMinRepeated; --n) bounds[n - 1] += bounds[n];
  return bounds;
}

uint64_t RepetitionMeter::repeated_chars(const WordSums& words, size_t n) {
  uint64_t chars = 0;
  for (size_t begin = 0; begin < words.num_words(); begin += kStretchWords) {
    const size_t end = std::min(begin + kStretchWords, words.num_words());
    clear_seen();
    for (size_t i = begin; i + n <= end;) {
      const bool is_new = insert(words.hash(i, n));
      chars += is_new ? 0 : words.chars(i, n);
      i += is_new ? 1 : n;
    }
  }
  return chars;
}

bool RepetitionMeter::repeated_ngrams_exceed(const WordSums& words,
                                             const std::array<double, kMaxNgram + 1>& limit_chars) {
  const auto bounds = repeated_chars_bounds(words);
  for (size_t n = kMinRepeated; n <= kMaxNgram; ++n) {
    if (bounds[n] > limit_chars[n] && static_cast<double>(repeated_chars(words, n)) > limit_chars[n]) return true;
  }
  return false;
}

}  // namespace ktlm::corpus
