// Draws a token from logits. The steps and their order are llama.cpp's: logit bias, penalties for what the text holds
// already, DRY, top-n-sigma, top-k, typical, top-p, min-p, XTC, temperature, draw. So all that cut tokens off look at
// the model's own distribution, and a high temperature can't let the tail back in.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ktlm/core/random.h"
#include "ktlm/generate/logit_bias.h"
#include "ktlm/generate/sampling_config.h"
#include "ktlm/generate/truncation.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::generate {

/// Whether a token may be drawn at all. Asked from the likeliest down, and no further than needed.
using AllowedToken = std::function<bool(int32_t id)>;

/// What a configuration says of texts, as tokens.
struct TokenRules {
  std::vector<LogitBias> biases;
  std::vector<bool> dry_breakers;  // by id; empty: none
};
/// Throws ConfigError where a logit bias names no token.
TokenRules make_token_rules(const SamplingConfig& config, const tokenizer::Tokenizer& tokenizer);

/// The `count` likeliest tokens of those that `allowed` lets pass (all, where it is null), the likeliest first, of
/// equals the lower id; `count` 0: all of them. None has a logit of minus infinity, or is less than `least_ratio` times
/// as likely as the first.
std::vector<int32_t> likeliest_tokens(std::span<const float> logits, int64_t count,
                                      const AllowedToken& allowed = nullptr, double least_ratio = 0);

/// The id of the largest logit; of equals the lowest.
int32_t likeliest_token(std::span<const float> logits);

/// The first steps, up to DRY, with the last tokens of `history`, the text so far. At temperature 0 without the
/// repetition penalty, which is on unless somebody turns it off. Throws Error where a logit is not finite.
void adjust_logits(std::span<float> logits, std::span<const int32_t> history, const SamplingConfig& config,
                   const TokenRules& rules);

/// The tokens that the steps from top-n-sigma to min-p leave, the likeliest first (of equals the lower id), with the
/// probabilities they have at the temperature, which must not be 0; they sum to 1. Empty only where `allowed` lets none
/// pass. The logits are finite, or minus infinity.
Candidates kept_tokens(std::span<const float> logits, const SamplingConfig& config,
                       const AllowedToken& allowed = nullptr);

/// One token by all steps; changes `logits`. -1 where `allowed` lets none pass. Throws Error where a logit is not
/// finite.
int32_t sample_token(std::span<float> logits, std::span<const int32_t> history, const SamplingConfig& config,
                     Random& random, const TokenRules& rules = {}, const AllowedToken& allowed = nullptr);

/// The configured seed, or a new one from the system's source of randomness where that is -1.
uint64_t resolve_seed(const SamplingConfig& config);

}  // namespace ktlm::generate
