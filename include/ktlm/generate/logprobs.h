// Natural logarithms of a model's own probabilities, before temperature, penalties and whatever else a draw changes:
// what OpenAI's completions call logprobs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ktlm::generate {

struct TokenLogprob {
  int32_t id;
  double logprob;
};

/// Of one place in a text: of the token that stands there, and of those that the model found likeliest, which need not
/// include it.
struct Logprobs {
  double logprob = 0;
  std::vector<TokenLogprob> top;  // the likeliest first, of equals the lower id
};

/// log(sum(exp(logits))), in double.
double log_sum_exp(std::span<const float> logits);

/// Of token `id` and the `num_top` likeliest ones by their logits (V).
Logprobs token_logprobs(std::span<const float> logits, int32_t id, int64_t num_top);

}  // namespace ktlm::generate
