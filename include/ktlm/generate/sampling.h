// Draws a token from logits. The steps and their order are llama.cpp's: repetition penalty (Keskar et al. 2019, CTRL),
// top-k, top-p (Holtzman et al. 2020), min-p (Nguyen et al. 2024), temperature, draw. So top-p and min-p look at the
// model's own distribution, and a high temperature can't let the tail back in.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ktlm/core/random.h"
#include "ktlm/generate/sampling_config.h"

namespace ktlm::generate {

struct TokenProbability {
  int32_t id;
  double probability;
};

/// Whether a token may be drawn at all. Asked from the likeliest down, and no further than needed.
using AllowedToken = std::function<bool(int32_t id)>;

/// Divides the logit of every token in `recent` by `penalty` where it is positive, multiplies it where it is negative;
/// once, however often the token stands there.
void apply_repetition_penalty(std::span<float> logits, std::span<const int32_t> recent, double penalty);

/// The `count` likeliest tokens of those that `allowed` lets pass (all, where it is null), the likeliest first, of
/// equals the lower id; `count` 0: all of them. None is less than `least_ratio` times as likely as the first.
std::vector<int32_t> likeliest_tokens(std::span<const float> logits, int64_t count,
                                      const AllowedToken& allowed = nullptr, double least_ratio = 0);

/// The tokens that top-k, top-p and min-p leave, the likeliest first (of equals the lower id), with the probabilities
/// they have at the temperature, which must not be 0; they sum to 1. Empty only where `allowed` lets none pass. The
/// logits are finite.
std::vector<TokenProbability> kept_tokens(std::span<const float> logits, const SamplingConfig& config,
                                          const AllowedToken& allowed = nullptr);

/// The id of the largest logit; of equals the lowest.
int32_t likeliest_token(std::span<const float> logits);

/// One token by all steps; changes `logits`. `history` is the text so far, of which the penalty sees the last
/// repetition_window tokens. -1 where `allowed` lets none pass. Throws Error where a logit is not finite.
int32_t sample_token(std::span<float> logits, std::span<const int32_t> history, const SamplingConfig& config,
                     Random& random, const AllowedToken& allowed = nullptr);

/// The configured seed, or a new one from the system's source of randomness where that is -1.
uint64_t resolve_seed(const SamplingConfig& config);

}  // namespace ktlm::generate
