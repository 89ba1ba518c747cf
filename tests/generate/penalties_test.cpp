// The penalties against transformers' (sampling.json, by tools/make_golden.py) and against their definitions.
#include "ktlm/generate/penalties.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "generate/golden_sampling.h"
#include "ktlm/core/random.h"

namespace ktlm::generate {
namespace {

TEST(RepetitionPenalty, IsTransformers) {
  const test::GoldenSampling& golden = test::golden_sampling();
  int cases = 0;
  for (const test::GoldenCase& expected : golden.cases) {
    if (expected.rule != "repetition_penalty") continue;
    std::vector<float> logits;
    for (const auto& logit : golden.logits) logits.push_back(static_cast<float>(*logit));
    apply_repetition_penalty(logits, golden.ids, expected.value);
    for (size_t id = 0; id < logits.size(); ++id)
      EXPECT_NEAR(logits[id], *expected.logits[id], 1e-6) << "token " << id << ", penalty " << expected.value;
    ++cases;
  }
  EXPECT_EQ(cases, 2);
}

TEST(RepetitionPenalty, DividesPositiveAndMultipliesNegativeLogitsOnce) {
  std::vector<float> logits = {2, -2, 4, 0, 1};
  apply_repetition_penalty(logits, std::vector<int32_t>{0, 1, 1, 1, 3, 0}, 2);
  EXPECT_EQ(logits, (std::vector<float>{1, -4, 4, 0, 1}));
}

TEST(CountPenalties, TakeFrequencyForEachTimeAndPresenceOnce) {
  std::vector<float> logits = {2, -2, 4, 0, 1};
  apply_count_penalties(logits, std::vector<int32_t>{0, 1, 1, 1, 3, 0}, 0.5, 0.25);
  EXPECT_EQ(logits, (std::vector<float>{2 - 1 - 0.25f, -2 - 1.5f - 0.25f, 4, -0.5f - 0.25f, 1}));
}

// By the definition: every place where the end of the text stands once before, token by token.
std::map<int32_t, double> dry_oracle(const std::vector<int32_t>& text, const DryPenalty& dry,
                                     const std::function<bool(int32_t)>& is_breaker) {
  std::map<int32_t, double> penalties;
  for (size_t next = 1; next < text.size(); ++next) {  // what followed there
    int64_t length = 0;
    const auto there = [&](int64_t back) { return text[next - 1 - static_cast<size_t>(back)]; };
    const auto here = [&](int64_t back) { return text[text.size() - 1 - static_cast<size_t>(back)]; };
    while (length < static_cast<int64_t>(next) && there(length) == here(length) && !is_breaker(here(length))) ++length;
    if (length < dry.allowed_length || is_breaker(text[next])) continue;
    double& penalty = penalties[text[next]];
    penalty = std::max(penalty, dry.multiplier * std::pow(dry.base, static_cast<double>(length - dry.allowed_length)));
  }
  return penalties;
}

TEST(DryPenalty, IsItsDefinitionOnRandomTextsOfFewTokens) {
  Random random(8);
  const auto is_breaker = [](int32_t id) { return id == 0; };
  int lowered = 0;
  for (int round = 0; round < 400; ++round) {
    const uint64_t kinds = 2 + random.below(4);
    std::vector<int32_t> text;
    for (uint64_t i = random.below(40); i > 0; --i) text.push_back(static_cast<int32_t>(random.below(kinds)));
    const DryPenalty dry{0.8, 1.75, 1 + static_cast<int64_t>(random.below(3))};
    std::vector<float> logits(6, 1);
    apply_dry_penalty(logits, text, dry, is_breaker);
    auto expected = dry_oracle(text, dry, is_breaker);
    for (int32_t id = 0; id < 6; ++id) {
      const auto index = static_cast<size_t>(id);
      EXPECT_NEAR(logits[index], 1 - expected[id], 1e-5 * (1 + expected[id])) << "round " << round << ", token " << id;
      lowered += logits[index] < 1 ? 1 : 0;
    }
  }
  EXPECT_GT(lowered, 100);
}

TEST(DryPenalty, GrowsWithTheRepetition) {
  // "2 3 4" stands before, followed by 5: three tokens, one more than are allowed: 0.8 * 1.75.
  const std::vector<int32_t> text = {1, 2, 3, 4, 5, 9, 2, 3, 4};
  std::vector<float> logits(10, 0);
  apply_dry_penalty(logits, text, {0.8, 1.75, 2}, [](int32_t) { return false; });
  for (size_t id = 0; id < logits.size(); ++id) EXPECT_FLOAT_EQ(logits[id], id == 5 ? -1.4f : 0) << id;
}

TEST(DryPenalty, StaysFiniteForATextOfOneToken) {
  std::vector<float> logits(3, 0);
  apply_dry_penalty(logits, std::vector<int32_t>(20000, 1), {1, 4, 2}, [](int32_t) { return false; });
  EXPECT_EQ(logits[0], 0);
  EXPECT_LT(logits[1], -1e20f);
  EXPECT_TRUE(std::isfinite(logits[1]));
}

}  // namespace
}  // namespace ktlm::generate
