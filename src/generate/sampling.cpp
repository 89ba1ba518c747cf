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
  // One sort where all are allowed; else pieces of growing size, until enough have passed.
  for (size_t sorted = 0, size = most; chosen.size() < most && sorted < order.size(); size *= 2) {
    const size_t end = std::min(order.size(), sorted + size);
    const auto at = [&](size_t i) { return order.begin() + static_cast<std::ptrdiff_t>(i); };
    std::partial_sort(at(sorted), at(end), order.end(), likelier);
    for (; sorted < end && chosen.size() < most; ++sorted) {
      if (!chosen.empty() && logit(order[sorted]) < logit(chosen.front()) + std::log(least_ratio)) return chosen;
      if (!allowed || allowed(order[sorted])) chosen.push_back(order[sorted]);
    }
  }
  return chosen;
}

std::vector<TokenProbability> kept_tokens(std::span<const float> logits, const SamplingConfig& config,
                                          const AllowedToken& allowed) {
  std::vector<TokenProbability> kept;
  // Each question has its price, so that nobody is asked about tokens that min-p would drop.
  const double least_ratio = allowed ? config.min_p : 0;
  for (const int32_t id : likeliest_tokens(logits, config.top_k, allowed, least_ratio)) kept.push_back({id, 0});
  if (kept.empty()) return kept;
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
                     Random& random, const AllowedToken& allowed) {
  // Comparisons with a NaN would give the sort no order.
  if (!std::all_of(logits.begin(), logits.end(), [](float logit) { return std::isfinite(logit); }))
    throw Error("the model's logits are not finite numbers; try --dtype fp32");
  if (config.temperature == 0 && !allowed) return likeliest_token(logits);
  if (config.temperature == 0) {
    const auto likeliest = likeliest_tokens(logits, 1, allowed);
    return likeliest.empty() ? -1 : likeliest.front();
  }
  const size_t window = std::min(history.size(), static_cast<size_t>(config.repetition_window));
  apply_repetition_penalty(logits, history.last(window), config.repetition_penalty);
  const std::vector<TokenProbability> kept = kept_tokens(logits, config, allowed);
  if (kept.empty()) return -1;
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
