// What the steps were like, read from the device only when a report or a checkpoint is due, for reading waits for its
// queue: sums up the losses, and tells of steps that were skipped and of spikes.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "ktlm/core/progress.h"
#include "ktlm/train/checkpoint.h"

namespace ktlm::train {

class StepWatch {
 public:
  /// `state`, whose losses it goes on with, must outlive this. `max_steps` of the run.
  StepWatch(TrainerState& state, int64_t max_steps, const WarningCallback& warning);

  /// A step's loss and gradient norm, scalars on the device; to be read before there are too many.
  void add(const at::Tensor& loss, const at::Tensor& gradient_norm);
  bool is_full() const { return unread_.size() >= kMaxUnread; }
  /// Reads all steps up to state.step into the state's sums and counts, with a warning for the bad ones.
  void read();

  /// The step, of those read, at which the run should go back to a checkpoint; 0: it may go on. Behind the last step
  /// one that was skipped is enough: nothing would show whether the weights still give numbers.
  int64_t bad_step() const { return bad_step_; }
  /// Why, in words, such as "the loss or its gradient is not a finite number".
  std::string reason() const;
  /// Begins anew from what the state says.
  void restart();

  double gradient_norm() const { return gradient_norm_; }  // of the last step that was read

 private:
  static constexpr size_t kMaxUnread = 256;
  struct Noticed;
  void warn(const Noticed& noticed) const;

  TrainerState& state_;
  int64_t max_steps_;
  const WarningCallback& warning_;
  LossWatch watch_;
  std::vector<at::Tensor> unread_;  // (2) on the device: loss and norm
  double gradient_norm_ = 0;
  int64_t bad_step_ = 0;
};

}  // namespace ktlm::train
