#include "repetition.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>

#include "corpus_fixtures.h"
#include "ktlm/core/hash.h"
#include "ktlm/text/utf8.h"
#include "ktlm/text/word_units.h"

namespace ktlm::corpus {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();
using Words = std::vector<std::string_view>;

WordSums sums_of(const Words& words) {
  WordSums sums;
  sums.start(words.size());
  for (const std::string_view word : words)
    sums.add(hash64(word), static_cast<uint32_t>(text::count_code_points(word)));
  return sums;
}

// The slow and obvious versions.

uint64_t top_ngram_chars(const Words& words, size_t n) {
  std::map<Words, int> counts;
  int max_count = 0;
  for (size_t i = 0; i + n <= words.size(); ++i)
    max_count = std::max(max_count, ++counts[Words(&words[i], &words[i] + n)]);
  for (size_t i = 0; i + n <= words.size(); ++i) {
    const Words ngram(&words[i], &words[i] + n);
    if (counts[ngram] != max_count) continue;
    uint64_t chars = n - 1;
    for (const std::string_view word : ngram) chars += text::count_code_points(word);
    return chars * static_cast<uint64_t>(max_count);
  }
  return 0;
}

uint64_t repeated_chars(const Words& words, size_t n) {
  uint64_t chars = 0;
  for (size_t begin = 0; begin < words.size(); begin += 1000) {
    const size_t end = std::min(begin + 1000, words.size());
    std::set<Words> seen;
    for (size_t i = begin; i + n <= end;) {
      const Words ngram(&words[i], &words[i] + n);
      if (seen.insert(ngram).second) {
        ++i;
        continue;
      }
      for (const std::string_view word : ngram) chars += text::count_code_points(word);
      i += n;
    }
  }
  return chars;
}

// The meter tells a limit from one character less for every n, so it counts what the slow versions count.
void expect_exact(const Words& words, RepetitionMeter& meter) {
  const WordSums sums = sums_of(words);
  for (const size_t n : {2, 3, 4}) {
    std::array<double, 5> limits{0, 0, kNoLimit, kNoLimit, kNoLimit};
    limits[n] = static_cast<double>(top_ngram_chars(words, n));
    ASSERT_FALSE(meter.top_ngram_exceeds(sums, limits)) << n;
    if (limits[n] == 0) continue;
    limits[n] -= 1;
    ASSERT_TRUE(meter.top_ngram_exceeds(sums, limits)) << n;
  }
  for (size_t n = 5; n <= kMaxNgram; ++n) {
    std::array<double, kMaxNgram + 1> limits{};
    limits.fill(kNoLimit);
    limits[n] = static_cast<double>(repeated_chars(words, n));
    ASSERT_FALSE(meter.repeated_ngrams_exceed(sums, limits)) << n;
    if (limits[n] == 0) continue;
    limits[n] -= 1;
    ASSERT_TRUE(meter.repeated_ngrams_exceed(sums, limits)) << n;
  }
}

TEST(Repetition, OnRandomWordsItCountsWhatTheSlowVersionCounts) {
  const Words vocabulary = {"가", "나라", "다", ".", "abc", "긴낱말이다", "는", "1945"};
  std::mt19937_64 random(1);
  RepetitionMeter meter;
  for (int i = 0; i < 300; ++i) {
    const size_t num_different = 1 + random() % vocabulary.size();
    Words words;
    for (size_t n = random() % 400; n > 0; --n) words.push_back(vocabulary[random() % num_different]);
    for (size_t copies = random() % 4; copies > 0 && words.size() > 20; --copies) {  // longer repeats
      const size_t begin = random() % (words.size() - 15);
      for (size_t k = 0; k < 15; ++k) words.push_back(words[begin + k]);
    }
    expect_exact(words, meter);
  }
}

TEST(Repetition, InTextsOfSeveralStretchesItCountsWhatTheSlowVersionCounts) {
  std::mt19937_64 random(2);
  RepetitionMeter meter;
  std::string text;
  for (int i = 0; i < 400; ++i) text += test::sentence(static_cast<int>(random() % 60)) + "\n";
  Words words;
  text::split_word_units(text, words);
  ASSERT_GT(words.size(), 3000U);
  for (const size_t size : {size_t{999}, size_t{1000}, size_t{1001}, size_t{1004}, size_t{2007}, words.size()})
    expect_exact(Words(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(size)), meter);
}

TEST(Repetition, FewerWordsThanAnNgramRepeatNothing) {
  RepetitionMeter meter;
  for (size_t size = 0; size < 12; ++size) expect_exact(Words(size, "가"), meter);
}

}  // namespace
}  // namespace ktlm::corpus
