// The loop of a run: micro-batches, update, report, checkpoint, validation, until the end, an early stop or a signal.
// Everything that it needs is open already (trainer.cpp). Its validations stand in loop_validation.cpp, what it does
// where a step failed in loop_mending.cpp.
#pragma once

#include <filesystem>
#include <limits>
#include <optional>
#include <string>

#include "awake_clock.h"
#include "gradient_reducer.h"
#include "ktlm/train/checkpoint.h"
#include "ktlm/train/metrics.h"
#include "ktlm/train/trainer.h"
#include "run_data.h"
#include "step_batches.h"
#include "step_watch.h"

namespace ktlm::train {

/// What a loop works with; all of it outlives the loop.
struct RunParts {
  const Ranks& ranks;
  const TrainRequest& request;
  const TrainCallbacks& callbacks;  // of rank 0; the others have none
  const StopFlag& stop;
  RunData& data;
  model::LanguageModel& model;
  Optimizer& optimizer;
  TrainerState& state;
  MetricsWriter& metrics;  // of rank 0; the others' keeps nothing
};

// Adds its scope's time to a sum.
class Pause {
 public:
  explicit Pause(double& seconds) : seconds_(seconds) {}
  ~Pause() { seconds_ += seconds_since(start_); }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

 private:
  double& seconds_;
  AwakeClock::time_point start_ = AwakeClock::now();
};

class TrainingLoop {
 public:
  explicit TrainingLoop(const RunParts& parts);

  TrainSummary run();

 private:
  void settle_exchange();  // of gradients, before the first step
  bool train_step();       // false where a stop was requested before the step was whole
  StepBatches batches_of_step();
  at::Tensor add_up_gradients();              // the step's loss; undefined where a stop was requested meanwhile
  at::Tensor update(const at::Tensor& loss);  // the optimizer's step; the gradient's norm
  void use_smaller_batches(const std::string& reason);
  [[noreturn]] void throw_out_of_memory(const std::string& reason) const;  // of one of several processes
  [[noreturn]] void throw_out_of_memory_in_update(const std::string& reason) const;
  bool go_on();  // reads what the steps were like; false where the run went back to a checkpoint
  void go_back();
  void report();
  void save();
  void validate();
  std::optional<eval::Evaluation> evaluate();  // by rank 0; others know the loss alone; none where it is not whole
  std::optional<eval::Evaluation> evaluate_in_what_fits();  // none where not even one window does
  void warn_unless_finite(const eval::Evaluation& result) const;
  void validate_start();
  void show_samples();
  void export_model();
  void release_memory();

  bool stop_requested();  // of any rank
  bool validation_due() const;
  bool checkpoint_due() const;
  bool stopped_early() const;
  bool report_due() const;
  void show_progress() const;
  int64_t steps_to_report() const;
  double learning_rate(int64_t step) const;
  int64_t tokens_per_step() const;
  int64_t grad_accum_steps() const;

  const RunParts& parts_;
  const TrainConfig& config_;
  const Ranks& ranks_;
  StopFlag agreed_;       // what all ranks know of; a process on its own looks at its own flag
  const StopFlag& stop_;  // one of the two
  TrainerState& state_;
  std::optional<BatchUploader> uploader_;  // always there; anew where batches get smaller
  GradientReducer reducer_;
  at::ScalarType autocast_dtype_;
  int64_t most_to_validate_ = std::numeric_limits<int64_t>::max();  // windows at once; less where memory ran out
  TrainSummary summary_;

  StepWatch watch_;

  AwakeClock::time_point run_start_ = AwakeClock::now(), last_report_ = run_start_;
  double paused_seconds_ = 0;    // spent on checkpoints and validations since the last report
  double training_seconds_ = 0;  // up to the last report, without pauses
  int64_t steps_done_ = 0;       // by this process
  int64_t steps_in_report_ = 0, steps_reported_ = 0, steps_since_release_ = 0, saved_step_;
  double shown_loss_ = 0, shown_tokens_per_second_ = 0;
};

}  // namespace ktlm::train
