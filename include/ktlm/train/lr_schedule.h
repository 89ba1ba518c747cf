// The learning rate over a run: a straight line up, then either half a cosine wave down (Loshchilov, Hutter 2017), or
// steady and down at the end (WSD: Hu et al. 2024, MiniCPM; the shape 1 - sqrt is Hägele et al. 2024's best).
#pragma once

#include <cstdint>

#include "ktlm/train/train_config.h"

namespace ktlm::train {

/// The rate of optimizer step `step`, 0 .. max_steps - 1. Beyond the end it stays at the minimum.
double learning_rate_at(const TrainConfig& config, int64_t step);

}  // namespace ktlm::train
