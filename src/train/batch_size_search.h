// How many windows of a step go through the model at once: whatever the number, the step trains the same windows.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "ktlm/model/language_model.h"
#include "ktlm/train/launch.h"
#include "ktlm/train/optimizer.h"

namespace ktlm::train {

/// The largest divisor of `windows`, which is at least 1, that is at most `most`, at least 1.
int64_t largest_divisor(int64_t windows, int64_t most);

/// The largest number that divides windows_per_step and is at most half of `micro_batch_size`, which is more than 1.
int64_t next_smaller_micro_batch(int64_t micro_batch_size, int64_t windows_per_step);

/// The largest divisor of windows_per_step whose micro-batches fit into memory, up to what is of use, found by running
/// them: each twice, so that gradients stand beside the activations. A size of which the ones before say that it would
/// take more than the device or the machine has to give is not tried. Of several processes each counts the memory for
/// exchanging gradients, and takes a share of the machine's. Leaves no gradients. Throws OutOfMemoryError or libtorch's
/// own where not even one window fits.
int64_t find_micro_batch_size(const model::LanguageModel& model, Optimizer& optimizer, int64_t windows_per_step,
                              at::ScalarType autocast_dtype, const Launch& launch = {});

}  // namespace ktlm::train
