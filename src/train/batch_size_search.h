// How many windows of a step go through the model at once: whatever the number, the step trains the same windows.
#pragma once

#include <cstdint>

namespace ktlm::train {

/// The largest number that divides windows_per_step and is at most half of `micro_batch_size`, which is more than 1.
int64_t next_smaller_micro_batch(int64_t micro_batch_size, int64_t windows_per_step);

}  // namespace ktlm::train
