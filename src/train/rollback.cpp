#include "rollback.h"

#include <limits>

#include "ktlm/core/path_status.h"

namespace ktlm::train {

namespace fs = std::filesystem;

int64_t rollback_target(const std::vector<int64_t>& newest_first, int64_t first_bad_step) {
  for (const int64_t step : newest_first)
    if (step + 2 <= first_bad_step) return step;
  return newest_first.empty() ? 0 : newest_first.back();
}

TrainerState roll_back(const fs::path& run_dir, const TrainerState& state, int64_t bad_step,
                       model::LanguageModel& model, Optimizer& optimizer, const WarningCallback& warning) {
  const int64_t target = rollback_target(list_checkpoints(run_dir), state.losses.first_bad_step);
  TrainerState restored = restore_checkpoint(run_dir, target, model, optimizer, warning);
  // So that nobody resumes from the weights that are left behind.
  remove_checkpoints_beyond(run_dir, restored.step, warning);
  // The loop goes on with what it has: smaller batches where memory was short, the number type of a resumed run.
  restored.micro_batch_size = state.micro_batch_size;
  restored.asked_micro_batch_size = state.asked_micro_batch_size;
  restored.autocast_dtype = state.autocast_dtype;
  if (restored.best_step > 0 && !path_exists(run_dir / "checkpoints" / checkpoint_name(restored.best_step))) {
    restored.best_step = 0;  // pruned meanwhile, when a later one was the best
    restored.best_loss = std::numeric_limits<double>::infinity();
  }
  restored.rollbacks = state.rollbacks + 1;
  restored.passed_over_steps = state.passed_over_steps + bad_step - restored.step;
  restored.losses.skipped_in_row = restored.losses.spikes_in_row = 0;
  update_checkpoint_state(run_dir, restored);
  name_latest_and_best(run_dir, restored);
  return restored;
}

}  // namespace ktlm::train
