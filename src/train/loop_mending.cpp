// What the loop does where a step failed: smaller pieces where memory ran out, back to a checkpoint where steps went
// bad.
#include <filesystem>
#include <string>

#include "batch_size_search.h"
#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"
#include "rollback.h"
#include "state_exchange.h"
#include "training_loop.h"

namespace ktlm::train {

namespace fs = std::filesystem;

// The others may wait for this rank's gradients already, and can't be told to begin the step anew.
void TrainingLoop::throw_out_of_memory(const std::string& reason) const {
  const int64_t size = state_.micro_batch_size, windows = state_.identity.windows_per_step / ranks_.size();
  std::string advice;
  if (size > 1) {
    const int64_t smaller = next_smaller_micro_batch(size, windows);
    advice = "start all processes again with --resume --set train.micro_batch_size=" + std::to_string(smaller) +
             " --set train.grad_accum_steps=" + std::to_string(windows / smaller) + ", the same windows";
  } else if (!config_.gradient_checkpointing) {
    advice = "start all processes again with --resume --set train.gradient_checkpointing=true";
  } else {
    advice = "start fewer processes on this machine, or choose a smaller model";
  }
  throw Error("rank " + std::to_string(ranks_.rank()) + " of " + std::to_string(ranks_.size()) + ", step " +
              std::to_string(state_.step + 1) + ": out of memory with train.micro_batch_size " + std::to_string(size) +
              " (" + reason + "); " + advice);
}

// No batch's size is at fault, and some parameters may have moved already: the weights are no step's, and the run can
// only go on from a checkpoint.
void TrainingLoop::throw_out_of_memory_in_update(const std::string& reason) const {
  const bool shards = ranks_.is_alone() || config_.shard_optimizer;
  throw Error((ranks_.is_alone()
                   ? ""
                   : "rank " + std::to_string(ranks_.rank()) + " of " + std::to_string(ranks_.size()) + ", ") +
              "step " + std::to_string(state_.step + 1) + ": out of memory in the optimizer's update (" + reason +
              "), whatever the size of the batch; " +
              (saved_step_ == 0 ? "no checkpoint was made yet: free some memory and start again"
                                : "the checkpoint of step " + std::to_string(saved_step_) +
                                      " is whole: free some memory and go on with --resume") +
              (shards ? "" : " and --set train.shard_optimizer=true") + ", or choose a smaller model");
}

void TrainingLoop::use_smaller_batches(const std::string& reason) {
  parts_.optimizer.clear_gradients();
  release_memory();
  if (state_.micro_batch_size == 1)
    throw Error("out of memory with one window at a time (" + reason +
                "); set train.gradient_checkpointing to true, or choose a smaller model" +
                (list_checkpoints(parts_.request.run_dir).empty() ? "" : "; checkpoints are as they were"));
  state_.micro_batch_size = next_smaller_micro_batch(state_.micro_batch_size, state_.identity.windows_per_step);
  parts_.data.use_micro_batches(state_.micro_batch_size);
  uploader_.emplace(ranks_, parts_.data.batches(), grad_accum_steps(), parts_.model.device());
  if (parts_.callbacks.warning)
    parts_.callbacks.warning("step " + std::to_string(state_.step + 1) + ": out of memory (" + reason +
                             "); going on with micro_batch_size " + std::to_string(state_.micro_batch_size) +
                             " and grad_accum_steps " + std::to_string(grad_accum_steps()) +
                             ", the same windows in each step");
}

bool TrainingLoop::go_on() {
  if (!report_due() && !checkpoint_due() && !watch_.is_full()) return true;
  watch_.read();
  if (watch_.bad_step() == 0) return true;
  go_back();
  return false;
}

void TrainingLoop::go_back() {
  const fs::path& run_dir = parts_.request.run_dir;
  const int64_t bad_step = watch_.bad_step();
  const std::string problem = "step " + std::to_string(bad_step) + ": " + watch_.reason();
  const auto steps = list_checkpoints(run_dir);
  if (ranks_.is_writer() && steps.empty())
    throw Error(problem + "; no checkpoint was made yet: start again with a lower train.learning_rate");
  if (ranks_.is_writer() && state_.rollbacks == kMaxRollbacks)
    throw Error(problem + ", and going back " + std::to_string(kMaxRollbacks) +
                " times did not help; the last good checkpoint is " +
                checkpoint_name(rollback_target(steps, state_.losses.first_bad_step)) +
                ": lower train.learning_rate and go on with --resume; where that does not help, see whether ktlm "
                "doctor finds the device in order");
  if (ranks_.is_writer())
    state_ = roll_back(run_dir, state_, bad_step, parts_.model, parts_.optimizer, parts_.callbacks.warning);
  state_ = state_of_writer(ranks_, state_);
  spread_model_and_state(ranks_, parts_.model, parts_.optimizer);
  watch_.restart();
  steps_in_report_ = 0;
  saved_step_ = state_.step;
  paused_seconds_ = 0;
  last_report_ = AwakeClock::now();
  if (ranks_.is_writer()) parts_.metrics = MetricsWriter::open(run_dir, {state_.step, state_.validated_step});
  parts_.metrics.scalars(state_.step, wall_time_seconds(),
                         {{"train/rolled_back_from", static_cast<double>(bad_step)},
                          {"train/learning_rate_factor", state_.learning_rate_factor()}});
  if (parts_.callbacks.warning)
    parts_.callbacks.warning(problem + "; going back to " + checkpoint_name(state_.step) + " with " +
                             format_double(state_.learning_rate_factor()) + " of the learning rate and other text (" +
                             std::to_string(state_.rollbacks) + " of at most " + std::to_string(kMaxRollbacks) +
                             " times)");
}

}  // namespace ktlm::train
