#include "signature.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "ktlm/core/random.h"
#include "words.h"

namespace ktlm::corpus {
namespace {

std::vector<uint64_t> random_set(size_t size, Random& random) {
  std::vector<uint64_t> set(size);
  for (uint64_t& element : set) element = random.next();
  return set;
}

double share_of_equal_places(const Sketch& a, const Sketch& b) {
  size_t equal = 0;
  for (size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i] ? 1 : 0;
  return static_cast<double>(equal) / static_cast<double>(a.size());
}

// Sets of `size` elements each that share so many that their Jaccard similarity is about `similarity`.
double mean_estimate(size_t size, double similarity, double& deviation) {
  Random random(size);
  constexpr int kTrials = 200;
  const auto num_common =
      static_cast<size_t>(std::lround(2 * similarity / (1 + similarity) * static_cast<double>(size)));
  const double exact = static_cast<double>(num_common) / static_cast<double>(2 * size - num_common);
  double sum = 0, squares = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<uint64_t> a = random_set(size, random), b = random_set(size, random);
    std::copy_n(a.begin(), num_common, b.begin());
    const double error = share_of_equal_places(make_sketch(a), make_sketch(b)) - exact;
    sum += error;
    squares += error * error;
  }
  deviation = std::sqrt(squares / kTrials);
  return sum / kTrials;
}

TEST(Signature, PlacesAgreeInTheShareThatTheSetsShare) {
  for (const size_t size : {10, 100, 1000, 20'000}) {
    for (const double similarity : {0.1, 0.5, 0.9}) {
      double deviation = 0;
      const double bias = mean_estimate(size, similarity, deviation);
      EXPECT_NEAR(bias, 0, 0.012) << size << " elements, similarity " << similarity;
      // Classical MinHash of as many places has a standard deviation of 0.047 at most; the exact share of small sets is
      // rounded.
      EXPECT_LT(deviation, 0.055) << size << " elements, similarity " << similarity;
    }
  }
}

TEST(Signature, RepeatedElementsCountOnceAndOrderCountsForNothing) {
  Random random(1);
  std::vector<uint64_t> set = random_set(50, random), repeated = set;
  repeated.insert(repeated.end(), set.rbegin(), set.rend());
  EXPECT_EQ(make_sketch(set), make_sketch(repeated));
  // A small set takes many rounds, in which a long list of the same must not be gone through again and again.
  const std::vector<uint64_t> two = random_set(2, random);
  std::vector<uint64_t> many;
  for (int i = 0; i < 1'000'000; ++i) many.push_back(two[static_cast<size_t>(i % 2)]);
  EXPECT_EQ(make_sketch(two), make_sketch(many));
}

std::string words(int first, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "낱말" + std::to_string((first + i) * 7919) + (i % 11 == 10 ? ".\n" : " ");
  return text;
}

Signature signature_of(const std::string& text) {
  std::vector<uint64_t> hashes;
  hash_words(text, hashes);
  return SignatureMaker().make(hashes);
}

TEST(Signature, ReworkSimilarityFollowsTheWordsThatTextsShare) {
  const Signature text = signature_of(words(0, 1000));
  EXPECT_EQ(rework_similarity(text, signature_of(words(0, 1000))), 1.0);
  EXPECT_NEAR(rework_similarity(text, signature_of(words(500, 1000))), 1.0 / 3, 0.15);
  EXPECT_LT(rework_similarity(text, signature_of(words(5000, 1000))), 0.05);
}

TEST(Signature, SpacesAndPunctuationChangeNothing) {
  const std::string text = words(0, 100);
  std::string other = text;
  std::replace(other.begin(), other.end(), '\n', ' ');
  std::replace(other.begin(), other.end(), '.', '!');
  std::vector<uint64_t> keys, other_keys;
  append_band_keys(signature_of(text), keys);
  append_band_keys(signature_of(other), other_keys);
  EXPECT_EQ(keys.size(), kCopyBands + kReworkBands);
  EXPECT_EQ(keys, other_keys);
}

TEST(Signature, AShortTextHasNone) {
  EXPECT_EQ(signature_of(words(0, 5)).is_present, 0);
  EXPECT_EQ(signature_of("").is_present, 0);
  EXPECT_EQ(signature_of(words(0, 40)).is_present, 1);
}

}  // namespace
}  // namespace ktlm::corpus
