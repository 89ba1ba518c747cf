#include "ktlm/core/random.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ktlm {
namespace {

// The reference sequence of SplitMix64 for seed 1234567 (Vigna's splitmix64.c).
TEST(Random, IsSplitMix64) {
  Random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317ULL);
  EXPECT_EQ(random.next(), 3203168211198807973ULL);
}

TEST(Random, GoesOnFromASavedState) {
  Random first(1), second(2);
  first.next();
  second.set_state(first.state());
  EXPECT_EQ(first.next(), second.next());
}

TEST(RandomPermutation, HoldsEveryNumberOnceAndDependsOnTheSeed) {
  auto order = random_permutation(1000, 5);
  EXPECT_EQ(order, random_permutation(1000, 5));
  EXPECT_NE(order, random_permutation(1000, 6));
  std::sort(order.begin(), order.end());
  for (int64_t i = 0; i < 1000; ++i) ASSERT_EQ(order[static_cast<size_t>(i)], i);
}

}  // namespace
}  // namespace ktlm
