#include "resumed_batches.h"

#include "batch_size_search.h"
#include "ktlm/core/error.h"
#include "ktlm/train/checkpoint.h"

namespace ktlm::train {

namespace {

// 0 where nothing tells. A run that was stopped before its first checkpoint has its inputs.json.
int64_t windows_per_step_of_run(const std::filesystem::path& run_dir) {
  if (const int64_t windows = windows_per_step_of(run_dir); windows > 0) return windows;
  try {
    return load_run_inputs(run_dir).value_or(RunInputs{}).windows_per_step;
  } catch (const Error&) {
    return 0;  // damaged: it is written anew
  }
}

}  // namespace

void keep_windows_per_step(TrainRequest& request, const Ranks& ranks,
                           const std::function<void(const std::string&)>& note) {
  if (!request.resume || !request.keep_windows_per_step) return;
  // Rank 0 alone need see the run.
  const int64_t windows = ranks.max(ranks.is_writer() ? windows_per_step_of_run(request.run_dir) : 0);
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
