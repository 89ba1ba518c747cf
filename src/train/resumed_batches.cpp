#include "resumed_batches.h"

#include <algorithm>

#include "ktlm/core/error.h"
#include "ktlm/train/checkpoint.h"

namespace ktlm::train {

int64_t largest_divisor(int64_t windows, int64_t most) {
  int64_t divisor = std::min(windows, most);
  while (windows % divisor != 0) --divisor;
  return divisor;
}

void keep_windows_per_step(TrainRequest& request, const Ranks& ranks,
                           const std::function<void(const std::string&)>& note) {
  if (!request.resume || !request.keep_windows_per_step) return;
  // Rank 0 alone need see the checkpoints.
  const int64_t windows = ranks.max(ranks.is_writer() ? windows_per_step_of(request.run_dir) : 0);
  if (windows <= 0) return;
  TrainConfig& config = request.train;
  if (windows % ranks.size() != 0)
    throw ConfigError(request.run_dir.string() + ": the run's " + std::to_string(windows) +
                      " windows a step can't be shared out evenly among " + std::to_string(ranks.size()) +
                      " processes; start " + std::to_string(largest_divisor(windows, ranks.size())));
  const int64_t own = windows / ranks.size();
  TrainConfig kept = config;
  if (config.micro_batch_size == 0) {  // to be found: grad_accum_steps then says the windows of all
    kept.grad_accum_steps = windows;
  } else {
    kept.micro_batch_size = largest_divisor(own, config.micro_batch_size);
    kept.grad_accum_steps = own / kept.micro_batch_size;
  }
  if (note && kept.micro_batch_size > 0 &&
      (kept.micro_batch_size != config.micro_batch_size || kept.grad_accum_steps != config.grad_accum_steps))
    note("to keep the run's " + std::to_string(windows) + " windows a step with " + std::to_string(ranks.size()) +
         (ranks.is_alone() ? " process" : " processes") + ": micro_batch_size " +
         std::to_string(kept.micro_batch_size) + ", grad_accum_steps " + std::to_string(kept.grad_accum_steps));
  config = kept;
}

}  // namespace ktlm::train
