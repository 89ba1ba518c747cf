// The rules that cut tokens off, against transformers' (sampling.json, by tools/make_golden.py) and by hand.
#include "ktlm/generate/truncation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "generate/golden_sampling.h"

namespace ktlm::generate {
namespace {

using test::golden_sampling;
using test::GoldenCase;
using testing::ElementsAre;

// The distribution of logits, of which those that are nothing were cut off.
Candidates distribution(const std::vector<std::optional<double>>& logits) {
  Candidates candidates;
  double sum = 0;
  for (size_t id = 0; id < logits.size(); ++id)
    if (logits[id]) candidates.push_back({static_cast<int32_t>(id), std::exp(*logits[id])});
  for (const TokenProbability& token : candidates) sum += token.probability;
  for (TokenProbability& token : candidates) token.probability /= sum;
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& a, const auto& b) { return a.probability > b.probability; });
  return candidates;
}

void expect_golden(const std::string& rule, const std::function<void(Candidates&, double)>& apply) {
  int cases = 0;
  for (const GoldenCase& golden : golden_sampling().cases) {
    if (golden.rule != rule) continue;
    SCOPED_TRACE(testing::Message() << rule << " " << golden.value);
    Candidates candidates = distribution(golden_sampling().logits);
    apply(candidates, golden.value);
    const Candidates expected = distribution(golden.logits);
    ASSERT_EQ(candidates.size(), expected.size());
    ASSERT_LT(candidates.size(), golden_sampling().logits.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(candidates[i].id, expected[i].id);
      EXPECT_NEAR(candidates[i].probability, expected[i].probability, 1e-6);
    }
    ++cases;
  }
  EXPECT_EQ(cases, 3);
}

std::vector<int32_t> ids_of(const Candidates& candidates) {
  std::vector<int32_t> ids;
  double sum = 0;
  for (const TokenProbability& token : candidates) {
    ids.push_back(token.id);
    sum += token.probability;
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  return ids;
}

TEST(Truncation, TypicalKeepsWhatTransformersDoes) { expect_golden("typical_p", keep_typical); }
TEST(Truncation, TopPKeepsWhatTransformersDoes) { expect_golden("top_p", keep_top_p); }
TEST(Truncation, MinPKeepsWhatTransformersDoes) { expect_golden("min_p", keep_min_p); }

TEST(Truncation, TypicalMayLeaveTheLikeliestOut) {
  // Entropy: 0.4 ln(1/0.4) + 12 * 0.05 ln(1/0.05) = 2.164; |0.916 - 2.164| > |2.996 - 2.164|.
  Candidates candidates = {{0, 0.4}};
  for (int32_t id = 1; id <= 12; ++id) candidates.push_back({id, 0.05});
  keep_typical(candidates, 0.12);
  EXPECT_THAT(ids_of(candidates), ElementsAre(1, 2, 3));
  EXPECT_NEAR(candidates.front().probability, 1.0 / 3, 1e-12);
}

TEST(Truncation, ExcludingTopChoicesKeepsTheLastOfThem) {
  const Candidates all = {{7, 0.5}, {3, 0.25}, {1, 0.15}, {9, 0.1}};
  const auto kept = [&](double threshold) {
    Candidates candidates = all;
    exclude_top_choices(candidates, threshold);
    return ids_of(candidates);
  };
  EXPECT_THAT(kept(0.2), ElementsAre(3, 1, 9));
  EXPECT_THAT(kept(0.15), ElementsAre(1, 9));
  EXPECT_THAT(kept(0.01), ElementsAre(9));
  EXPECT_THAT(kept(0.3), ElementsAre(7, 3, 1, 9));
  EXPECT_THAT(kept(0.6), ElementsAre(7, 3, 1, 9));
}

TEST(Truncation, OneTokenIsAlwaysKept) {
  for (const auto& rule : {keep_typical, keep_top_p}) {
    Candidates candidates = {{4, 0.6}, {2, 0.4}};
    rule(candidates, 0);
    EXPECT_EQ(candidates.size(), 1u);
  }
  Candidates candidates = {{4, 0.6}, {2, 0.4}};
  keep_min_p(candidates, 1);
  EXPECT_THAT(ids_of(candidates), ElementsAre(4));
}

}  // namespace
}  // namespace ktlm::generate
