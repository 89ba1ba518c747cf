// Sampling against the obvious version in double: sort everything, apply each rule by its definition.
#include "ktlm/generate/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "error_message.h"

namespace ktlm::generate {
namespace {

// No rule at all: each test turns on what it looks at.
SamplingConfig plain() { return {.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0, .repetition_penalty = 1}; }

std::vector<float> random_logits(size_t size, uint64_t seed) {
  Random random(seed);
  std::vector<float> logits(size);
  for (float& logit : logits) logit = static_cast<float>(12 * random.uniform() - 6);
  return logits;
}

std::vector<double> softmax(const std::vector<double>& logits) {
  double sum = 0;
  std::vector<double> result;
  for (const double logit : logits) result.push_back(std::exp(logit));
  for (const double value : result) sum += value;
  for (double& value : result) value /= sum;
  return result;
}

// The distribution over all ids by the rules' definitions; 0 for a token that falls out.
std::vector<double> oracle(const std::vector<float>& logits, const SamplingConfig& config) {
  std::vector<double> kept(logits.begin(), logits.end());
  const double out = -std::numeric_limits<double>::infinity();
  const auto rank = [&](size_t id) {  // how many tokens stand before it
    size_t before = 0;
    for (size_t i = 0; i < logits.size(); ++i)
      before += logits[i] > logits[id] || (logits[i] == logits[id] && i < id) ? 1 : 0;
    return before;
  };
  if (config.top_k > 0) {
    for (size_t id = 0; id < kept.size(); ++id)
      if (rank(id) >= static_cast<size_t>(config.top_k)) kept[id] = out;
  }
  const std::vector<double> probability = softmax(kept);
  const double largest = *std::max_element(probability.begin(), probability.end());
  for (size_t id = 0; id < kept.size(); ++id) {
    double before = 0;  // probability of all tokens likelier than this one
    for (size_t i = 0; i < kept.size(); ++i)
      if (rank(i) < rank(id)) before += probability[i];
    if (rank(id) > 0 && config.top_p < 1 && before >= config.top_p) kept[id] = out;
    if (probability[id] < config.min_p * largest) kept[id] = out;
  }
  for (double& logit : kept) logit /= config.temperature;
  return softmax(kept);
}

void expect_equal_to_oracle(const std::vector<float>& logits, const SamplingConfig& config) {
  const std::vector<double> expected = oracle(logits, config);
  std::vector<double> got(logits.size(), 0);
  double previous = 2;
  for (const TokenProbability& token : kept_tokens(logits, config)) {
    EXPECT_LE(token.probability, previous + 1e-12);
    previous = token.probability;
    got[static_cast<size_t>(token.id)] = token.probability;
  }
  for (size_t id = 0; id < logits.size(); ++id) EXPECT_NEAR(got[id], expected[id], 1e-9) << "token " << id;
}

TEST(Sampling, PlainDistributionIsSoftmax) { expect_equal_to_oracle(random_logits(200, 1), plain()); }

TEST(Sampling, TemperatureScalesLogits) {
  for (const double temperature : {0.1, 0.5, 2.0}) {
    SamplingConfig config = plain();
    config.temperature = temperature;
    expect_equal_to_oracle(random_logits(100, 2), config);
  }
}

TEST(Sampling, EachRuleAndAllTogetherMatchTheirDefinitions) {
  Random random(7);
  for (uint64_t round = 0; round < 60; ++round) {
    SamplingConfig config = plain();
    const uint64_t rules = round % 8;
    if (rules & 1) config.top_k = 1 + static_cast<int64_t>(random.below(40));
    if (rules & 2) config.top_p = random.uniform();
    if (rules & 4) config.min_p = 0.3 * random.uniform();
    config.temperature = 0.3 + 2 * random.uniform();
    SCOPED_TRACE(testing::Message() << "top_k " << config.top_k << " top_p " << config.top_p << " min_p "
                                    << config.min_p);
    expect_equal_to_oracle(random_logits(120, 100 + round), config);
  }
}

TEST(Sampling, EqualLogitsFavourTheLowerId) {
  SamplingConfig config = plain();
  config.top_k = 2;
  const std::vector<float> logits = {1, 3, 3, 3};
  const auto kept = kept_tokens(logits, config);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].id, 1);
  EXPECT_EQ(kept[1].id, 2);
  EXPECT_EQ(likeliest_token(logits), 1);
}

TEST(Sampling, StrictestRulesStillKeepTheLikeliestToken) {
  const std::vector<float> logits = random_logits(50, 3);
  for (const SamplingConfig& config :
       {SamplingConfig{.top_p = 0}, SamplingConfig{.min_p = 1}, SamplingConfig{.top_k = 1}}) {
    const auto kept = kept_tokens(logits, config);
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept.front().id, likeliest_token(logits));
    EXPECT_DOUBLE_EQ(kept.front().probability, 1);
  }
}

TEST(Sampling, VeryLowTemperatureDoesNotOverflow) {
  SamplingConfig config = plain();
  config.temperature = 1e-6;
  const auto kept = kept_tokens(std::vector<float>{1000, -1000, 999}, config);
  EXPECT_EQ(kept.front().id, 0);
  EXPECT_DOUBLE_EQ(kept.front().probability, 1);
}

TEST(Sampling, TemperatureZeroIsArgmaxWhateverElseIsSet) {
  Random random(1);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<float> logits = random_logits(300, seed);
    const auto expected = static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    const std::vector<int32_t> history = {expected, expected};
    EXPECT_EQ(sample_token(logits, history, {.temperature = 0, .repetition_penalty = 5}, random), expected);
  }
}

TEST(RepetitionPenalty, SeesOnlyTheWindow) {
  Random random(1);
  const std::vector<float> logits = {10, 9.5, 0};
  const SamplingConfig config = {.top_k = 1, .repetition_penalty = 2, .repetition_window = 2};
  const std::vector<int32_t> near = {2, 0, 2}, far = {0, 2, 2};
  std::vector<float> scratch = logits;
  EXPECT_EQ(sample_token(scratch, near, config, random), 1);
  scratch = logits;
  EXPECT_EQ(sample_token(scratch, far, config, random), 0);
  SamplingConfig no_window = config;
  no_window.repetition_window = 0;
  scratch = logits;
  EXPECT_EQ(sample_token(scratch, near, no_window, random), 0);
}

TEST(Sampling, LogitBiasAndPenaltiesThatSomebodySetHoldAtTemperatureZero) {
  Random random(1);
  const std::vector<int32_t> history = {1, 1, 2};
  const auto greedy = [&](SamplingConfig config, const TokenRules& rules = {}) {
    std::vector<float> logits = {0, 3, 2, 1};
    config.temperature = 0;
    return sample_token(logits, history, config, random, rules);
  };
  EXPECT_EQ(greedy({}), 1);
  EXPECT_EQ(greedy({}, {{{3, 2.5}}, {}}), 3);
  EXPECT_EQ(greedy({}, {{{1, -std::numeric_limits<double>::infinity()}}, {}}), 2);
  EXPECT_EQ(greedy({.frequency_penalty = 0.75}), 1);  // 3 - 1.5, 2 - 0.75, 1
  EXPECT_EQ(greedy({.frequency_penalty = 1.25}), 3);  // 3 - 2.5, 2 - 1.25, 1
  EXPECT_EQ(greedy({.presence_penalty = 1.5}), 1);    // 3 - 1.5, 2 - 1.5, 1
}

TEST(Sampling, DryTurnsAGreedyRepetitionAround) {
  Random random(1);
  const std::vector<int32_t> history = {0, 1, 2, 3, 0, 1, 2};  // 3 would make it four tokens
  const auto draw = [&](const SamplingConfig& config, const TokenRules& rules = {}) {
    std::vector<float> logits = {0, 0, 0, 3, 2.5};
    return sample_token(logits, history, config, random, rules);
  };
  EXPECT_EQ(draw({.temperature = 0}), 3);
  EXPECT_EQ(draw({.temperature = 0, .dry_multiplier = 0.8}), 4);
  EXPECT_EQ(draw({.temperature = 0, .dry_multiplier = 0.8, .dry_penalty_last_n = 4}), 3);
  EXPECT_EQ(draw({.temperature = 0, .dry_multiplier = 0.8}, {{}, {false, false, true, false, false}}), 3);
}

TEST(Sampling, ATokenOfMinusInfinityIsNeverKept) {
  std::vector<float> logits = random_logits(50, 9);
  logits[7] = -std::numeric_limits<float>::infinity();
  const auto kept = kept_tokens(logits, plain());
  EXPECT_EQ(kept.size(), 49u);
  for (const TokenProbability& token : kept) EXPECT_NE(token.id, 7);
}

TEST(Sampling, TopNSigmaKeepsWhatLiesWithinNDeviationsOfTheLargest) {
  const std::vector<float> logits = {4, 2, 0, -2, 1};  // mean 1, deviation 2
  for (const auto& [n, count] : {std::pair(0.9, 1u), {1.1, 2u}, {1.6, 3u}, {2.1, 4u}, {0.0, 5u}}) {
    SamplingConfig config = plain();
    config.top_n_sigma = n;
    EXPECT_EQ(kept_tokens(logits, config).size(), count) << n;
  }
}

TEST(Sampling, XtcLeavesTheLikeliestOutAsOftenAsItsProbability) {
  SamplingConfig config = plain();
  config.xtc_probability = 0.25;
  config.xtc_threshold = 0.15;
  Random random(2);
  int first = 0;
  const int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    std::vector<float> logits = {std::log(0.5f), std::log(0.3f), std::log(0.2f)};
    first += sample_token(logits, {}, config, random) == 0 ? 1 : 0;
  }
  // A quarter of the times all but the last are left out.
  EXPECT_NEAR(first, draws * 0.75 * 0.5, 5 * std::sqrt(draws * 0.375 * 0.625));
}

TEST(Sampling, TypicalComesBeforeTopP) {
  // Entropy 0.4 ln(1/0.4) + 12 * 0.05 ln(1/0.05) = 2.16: the likeliest token tells too little to be typical. Of the
  // twelve others, now a twelfth each, top-p 0.24 keeps three; before them it would have kept the likeliest alone.
  std::vector<float> logits = {std::log(0.4f)};
  for (int i = 0; i < 12; ++i) logits.push_back(std::log(0.05f));
  SamplingConfig config = plain();
  config.typical_p = 0.58;
  config.top_p = 0.24;
  const auto kept = kept_tokens(logits, config);
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept.front().id, 1);
}

TEST(Sampling, LogitsThatAreNoNumbersAreAnErrorAndNotADraw) {
  Random random(1);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const double temperature : {0.0, 1.0}) {
      std::vector<float> logits = random_logits(100, 1);
      logits[50] = bad;
      EXPECT_EQ(
          test::error_message([&] { sample_token(logits, {}, {.temperature = temperature}, random); }),
          "the model's logits are no finite numbers; its weights are damaged or training broke down: take another "
          "checkpoint");
    }
  }
}

TEST(Sampling, DrawsFollowTheProbabilities) {
  const std::vector<float> logits = {0, 1, 2, 3};
  const std::vector<double> expected = softmax({0, 1, 2, 3});
  std::vector<int> counts(4, 0);
  Random random(42);
  const int draws = 40000;
  for (int i = 0; i < draws; ++i) {
    std::vector<float> scratch = logits;
    ++counts[static_cast<size_t>(sample_token(scratch, {}, plain(), random))];
  }
  for (size_t id = 0; id < 4; ++id) {
    const double deviation = std::sqrt(draws * expected[id] * (1 - expected[id]));
    EXPECT_NEAR(counts[id], draws * expected[id], 5 * deviation) << "token " << id;
  }
}

TEST(Sampling, TheSameSeedDrawsTheSameTokens) {
  const auto draw = [](uint64_t seed) {
    Random random(seed);
    std::vector<int32_t> ids;
    for (uint64_t i = 0; i < 50; ++i) {
      std::vector<float> logits = random_logits(100, i);
      ids.push_back(sample_token(logits, ids, SamplingConfig{}, random));
    }
    return ids;
  };
  EXPECT_EQ(draw(5), draw(5));
  EXPECT_NE(draw(5), draw(6));
}

TEST(Seed, IsTheConfiguredOneOrANewOne) {
  EXPECT_EQ(resolve_seed({.seed = 0}), 0u);
  EXPECT_EQ(resolve_seed({.seed = 77}), 77u);
  std::map<uint64_t, int> drawn;
  for (int i = 0; i < 8; ++i) ++drawn[resolve_seed({.seed = -1})];
  EXPECT_GT(drawn.size(), 1u);
}

}  // namespace
}  // namespace ktlm::generate
