#include "ktlm/generate/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "ktlm/core/error.h"

namespace ktlm::generate {

namespace {

// Softmax of the logits at a temperature over their largest; the first of `kept` is the likeliest.
void set_probabilities(std::span<const float> logits, double temperature, std::vector<TokenProbability>& kept) {
  const double largest = static_cast<double>(logits[static_cast<size_t>(kept.front().id)]);
  double sum = 0;
  for (TokenProbability& token : kept) {
    const double logit = static_cast<double>(logits[static_cast<size_t>(token.id)]);
    token.probability = std::exp((logit - largest) / temperature);
    sum += token.probability;
  }
  for (TokenProbability& token : kept) token.probability /= sum;
}

}  // namespace

void apply_repetition_penalty(std::span<float> logits, std::span<const int32_t> recent, double penalty) {
  if (penalty == 1) return;
  std::vector<int32_t> distinct(recent.begin(), recent.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (const int32_t id : distinct) {
    float& logit = logits[static_cast<size_t>(id)];
    logit = static_cast<float>(logit > 0 ? logit / penalty : logit * penalty);
  }
}

std::vector<TokenProbability> kept_tokens(std::span<const float> logits, const SamplingConfig& config) {
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const size_t k = config.top_k == 0 ? order.size() : std::min(order.size(), static_cast<size_t>(config.top_k));
  const auto likelier = [&](int32_t a, int32_t b) {
    const float logit_a = logits[static_cast<size_t>(a)], logit_b = logits[static_cast<size_t>(b)];
    return logit_a != logit_b ? logit_a > logit_b : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(), likelier);

  std::vector<TokenProbability> kept;
  kept.reserve(k);
  for (size_t i = 0; i < k; ++i) kept.push_back({order[i], 0});
  set_probabilities(logits, 1, kept);

  // Both leave a prefix of the sorted tokens, and at least one.
  size_t count = 0;
  double reached = 0;
  while (count < kept.size() && (count == 0 || config.top_p >= 1 || reached < config.top_p))
    reached += kept[count++].probability;
  while (count > 1 && kept[count - 1].probability < config.min_p * kept.front().probability) --count;
  kept.resize(count);
  set_probabilities(logits, config.temperature, kept);
  return kept;
}

int32_t likeliest_token(std::span<const float> logits) {
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

int32_t sample_token(std::span<float> logits, std::span<const int32_t> history, const SamplingConfig& config,
                     Random& random) {
  // Comparisons with a NaN would give the sort no order.
  if (!std::all_of(logits.begin(), logits.end(), [](float logit) { return std::isfinite(logit); }))
    throw Error("the model's logits are not finite numbers; try --dtype fp32");
  if (config.temperature == 0) return likeliest_token(logits);
  const size_t window = std::min(history.size(), static_cast<size_t>(config.repetition_window));
  apply_repetition_penalty(logits, history.last(window), config.repetition_penalty);
  const std::vector<TokenProbability> kept = kept_tokens(logits, config);
  double rest = random.uniform();
  for (const TokenProbability& token : kept) {
    rest -= token.probability;
    if (rest < 0) return token.id;
  }
  return kept.back().id;  // the probabilities' rounding left a sliver
}

uint64_t resolve_seed(const SamplingConfig& config) {
  if (config.seed >= 0) return static_cast<uint64_t>(config.seed);
  std::random_device device;
  return device();  // 32 bits: short enough to be typed again
}

}  // namespace ktlm::generate
