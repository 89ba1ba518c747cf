#include "ktlm/generate/logprobs.h"

#include <algorithm>
#include <cmath>

#include "ktlm/generate/sampling.h"

namespace ktlm::generate {

double log_sum_exp(std::span<const float> logits) {
  const auto largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return largest + std::log(sum);
}

Logprobs token_logprobs(std::span<const float> logits, int32_t id, int64_t num_top) {
  const double total = log_sum_exp(logits);
  const auto logprob = [&](int32_t token) { return static_cast<double>(logits[static_cast<size_t>(token)]) - total; };
  Logprobs result{logprob(id), {}};
  if (num_top <= 0) return result;
  for (const int32_t token : likeliest_tokens(logits, num_top)) result.top.push_back({token, logprob(token)});
  return result;
}

}  // namespace ktlm::generate
