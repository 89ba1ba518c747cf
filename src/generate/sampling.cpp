#include "ktlm/generate/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "ktlm/core/error.h"
#include "ktlm/generate/penalties.h"

namespace ktlm::generate {

namespace {

constexpr size_t kAskedInOrder = 500;  // tokens, of those that a constraint is asked about

// Softmax of the logits at a temperature over their largest; the first of `candidates` is the likeliest.
void set_probabilities(std::span<const float> logits, double temperature, Candidates& candidates) {
  const double largest = static_cast<double>(logits[static_cast<size_t>(candidates.front().id)]);
  double sum = 0;
  for (TokenProbability& token : candidates) {
    const double logit = static_cast<double>(logits[static_cast<size_t>(token.id)]);
    token.probability = std::exp((logit - largest) / temperature);
    sum += token.probability;
  }
  for (TokenProbability& token : candidates) token.probability /= sum;
}

// Top-nσ (Tang et al. 2024): a token stays whose logit is at most n standard deviations of all logits below the
// largest. As the ratio to the likeliest that its probability then has.
double least_ratio_within(std::span<const float> logits, double n) {
  double sum = 0, count = 0;
  const auto finite = [](float logit) { return std::isfinite(logit); };
  for (const float logit : logits)
    if (finite(logit)) sum += static_cast<double>(logit), ++count;
  const double mean = sum / count;
  double squares = 0;
  for (const float logit : logits)
    if (finite(logit)) squares += (static_cast<double>(logit) - mean) * (static_cast<double>(logit) - mean);
  return std::exp(-n * std::sqrt(squares / count));
}

// What top-n-sigma to min-p leave, at temperature 1.
Candidates cut_off(std::span<const float> logits, const SamplingConfig& config, const AllowedToken& allowed) {
  double least_ratio = config.top_n_sigma > 0 ? least_ratio_within(logits, config.top_n_sigma) : 0;
  // Each question has its price, so that nobody is asked about tokens that min-p would drop.
  if (allowed) least_ratio = std::max(least_ratio, config.min_p);
  Candidates candidates;
  for (const int32_t id : likeliest_tokens(logits, config.top_k, allowed, least_ratio)) candidates.push_back({id, 0});
  if (candidates.empty()) return candidates;
  set_probabilities(logits, 1, candidates);
  keep_typical(candidates, config.typical_p);
  keep_top_p(candidates, config.top_p);
  keep_min_p(candidates, config.min_p);
  return candidates;
}

}  // namespace

TokenRules make_token_rules(const SamplingConfig& config, const tokenizer::Tokenizer& tokenizer) {
  TokenRules rules{parse_logit_bias(config.logit_bias, tokenizer), {}};
  if (config.dry_multiplier == 0) return rules;
  const auto holds_breaker = [&](const std::string& bytes) {
    return std::any_of(config.dry_sequence_breakers.begin(), config.dry_sequence_breakers.end(),
                       [&](const std::string& text) { return !text.empty() && bytes.find(text) != std::string::npos; });
  };
  for (int64_t id = 0; id < tokenizer.vocab_size(); ++id)
    rules.dry_breakers.push_back(holds_breaker(tokenizer.token_bytes(static_cast<int32_t>(id))));
  return rules;
}

std::vector<int32_t> likeliest_tokens(std::span<const float> logits, int64_t count, const AllowedToken& allowed,
                                      double least_ratio) {
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto logit = [&](int32_t id) { return static_cast<double>(logits[static_cast<size_t>(id)]); };
  const auto likelier = [&](int32_t a, int32_t b) {
    const float logit_a = logits[static_cast<size_t>(a)], logit_b = logits[static_cast<size_t>(b)];
    return logit_a != logit_b ? logit_a > logit_b : a < b;
  };
  const size_t most = count == 0 ? order.size() : std::min(order.size(), static_cast<size_t>(count));
  std::vector<int32_t> chosen;
  chosen.reserve(most);
  double least = std::numeric_limits<double>::lowest();
  // One sort where all are allowed; else pieces of growing size, until enough have passed. Where few do, to ask about
  // all that are left costs less than to sort them.
  bool ask = allowed != nullptr;
  for (size_t sorted = 0, size = most; chosen.size() < most && sorted < order.size(); size *= 2) {
    const auto at = [&](size_t i) { return order.begin() + static_cast<std::ptrdiff_t>(i); };
    if (ask && sorted >= kAskedInOrder) {
      const auto is_out = [&](int32_t id) { return logit(id) < least || !allowed(id); };
      order.erase(std::remove_if(at(sorted), order.end(), is_out), order.end());
      ask = false;
    }
    const size_t end = std::min(order.size(), sorted + size);
    std::partial_sort(at(sorted), at(end), order.end(), likelier);
    for (; sorted < end && chosen.size() < most; ++sorted) {
      const int32_t id = order[sorted];
      if (logit(id) < least) return chosen;
      if (ask && !allowed(id)) continue;
      if (chosen.empty() && least_ratio > 0) least = logit(id) + std::log(least_ratio);
      chosen.push_back(id);
    }
  }
  return chosen;
}

int32_t likeliest_token(std::span<const float> logits) {
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

void adjust_logits(std::span<float> logits, std::span<const int32_t> history, const SamplingConfig& config,
                   const TokenRules& rules) {
  // Comparisons with a NaN would give the sort no order.
  if (!std::all_of(logits.begin(), logits.end(), [](float logit) { return std::isfinite(logit); }))
    throw Error(
        "the model's logits are no finite numbers; its weights are damaged or training broke down: take another "
        "checkpoint");
  apply_logit_bias(logits, rules.biases);
  const auto last = [&](int64_t count) {
    return history.last(count < 0 ? history.size() : std::min(history.size(), static_cast<size_t>(count)));
  };
  const auto recent = last(config.repetition_window);
  if (config.temperature > 0) apply_repetition_penalty(logits, recent, config.repetition_penalty);
  apply_count_penalties(logits, recent, config.frequency_penalty, config.presence_penalty);
  const DryPenalty dry{config.dry_multiplier, config.dry_base, config.dry_allowed_length};
  apply_dry_penalty(logits, last(config.dry_penalty_last_n), dry, [&](int32_t id) {
    return static_cast<size_t>(id) < rules.dry_breakers.size() && rules.dry_breakers[static_cast<size_t>(id)];
  });
}

Candidates kept_tokens(std::span<const float> logits, const SamplingConfig& config, const AllowedToken& allowed) {
  Candidates candidates = cut_off(logits, config, allowed);
  if (!candidates.empty()) set_probabilities(logits, config.temperature, candidates);
  return candidates;
}

int32_t sample_token(std::span<float> logits, std::span<const int32_t> history, const SamplingConfig& config,
                     Random& random, const TokenRules& rules, const AllowedToken& allowed) {
  adjust_logits(logits, history, config, rules);
  if (config.temperature == 0) {
    if (!allowed) return likeliest_token(logits);
    const auto likeliest = likeliest_tokens(logits, 1, allowed);
    return likeliest.empty() ? -1 : likeliest.front();
  }
  Candidates candidates = cut_off(logits, config, allowed);
  if (candidates.empty()) return -1;
  if (config.xtc_probability > 0 && random.uniform() < config.xtc_probability)
    exclude_top_choices(candidates, config.xtc_threshold);
  set_probabilities(logits, config.temperature, candidates);
  double rest = random.uniform();
  for (const TokenProbability& token : candidates) {
    rest -= token.probability;
    if (rest < 0) return token.id;
  }
  return candidates.back().id;  // the probabilities' rounding left a sliver
}

uint64_t resolve_seed(const SamplingConfig& config) {
  if (config.seed >= 0) return static_cast<uint64_t>(config.seed);
  std::random_device device;
  return device();  // 32 bits: short enough to be typed again
}

}  // namespace ktlm::generate
