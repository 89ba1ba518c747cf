// What makes a token less likely that stands in the text already: changes of its logit, by the text so far.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace ktlm::generate {

/// Divides the logit of every token in `recent` by `penalty` where it is positive, multiplies it where it is negative;
/// once, however often the token stands there (Keskar et al. 2019, CTRL).
void apply_repetition_penalty(std::span<float> logits, std::span<const int32_t> recent, double penalty);

/// Takes `frequency` for each time that a token stands in `recent`, and `presence` once, from its logit (as OpenAI's
/// API defines them; negative ones favour what stands there).
void apply_count_penalties(std::span<float> logits, std::span<const int32_t> recent, double frequency, double presence);

/// Don't repeat yourself (p-e-w, text-generation-webui, 2024; the details as llama.cpp's).
struct DryPenalty {
  double multiplier = 0;
  double base = 1.75;
  int64_t allowed_length = 2;
};

/// Lowers the logit of each token that would go on with a repetition: where the last L tokens of `recent` stand in it
/// once before, and L is at least allowed_length, that which followed there loses multiplier * base^(L -
/// allowed_length); for the greatest L of all such places. A repetition does not reach across a token that `is_breaker`
/// names, nor are these lowered.
void apply_dry_penalty(std::span<float> logits, std::span<const int32_t> recent, const DryPenalty& dry,
                       const std::function<bool(int32_t)>& is_breaker);

}  // namespace ktlm::generate
