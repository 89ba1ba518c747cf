// Rotary frequencies of models whose context was stretched after they had been trained with a shorter one. Positions
// are squeezed together by a factor: all alike (linear: Chen et al. 2023, position interpolation), or only for the
// channels that turn so slowly that they never went round in the first context (Llama 3.1). Needs no libtorch.
#pragma once

#include "ktlm/model/model_config.h"

namespace ktlm::model {

/// What `frequency`, the angle of a pair of channels per position in radians, becomes by config.rope_scaling. In fp32,
/// as transformers computes it.
float scaled_frequency(float frequency, const ModelConfig& config);

}  // namespace ktlm::model
