// Draws a token from logits. The steps and their order are llama.cpp's: repetition penalty (Keskar et al. 2019, CTRL),
// top-k, top-p (Holtzman et al. 2020), min-p (Nguyen et al. 2024), temperature, draw. So top-p and min-p look at the
// model's own distribution, and a high temperature can't let the tail back in.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ktlm/core/random.h"
#include "ktlm/generate/sampling_config.h"

namespace ktlm::generate {

struct TokenProbability {
  int32_t id;
  double probability;
};

/// Divides the logit of every token in `recent` by `penalty` where it is positive, multiplies it where it is negative;
/// once, however often the token stands there.
void apply_repetition_penalty(std::span<float> logits, std::span<const int32_t> recent, double penalty);

/// The tokens that top-k, top-p and min-p leave, the likeliest first (of equals the lower id), with the probabilities
/// they have at the temperature, which must not be 0. Never empty; they sum to 1. The logits are finite.
std::vector<TokenProbability> kept_tokens(std::span<const float> logits, const SamplingConfig& config);

/// The id of the largest logit; of equals the lowest.
int32_t likeliest_token(std::span<const float> logits);

/// One token by all steps; changes `logits`. `history` is the text so far, of which the penalty sees the last
/// repetition_window tokens. Throws Error where a logit is not finite.
int32_t sample_token(std::span<float> logits, std::span<const int32_t> history, const SamplingConfig& config,
                     Random& random);

/// The configured seed, or a new one from the system's source of randomness where that is -1.
uint64_t resolve_seed(const SamplingConfig& config);

}  // namespace ktlm::generate
