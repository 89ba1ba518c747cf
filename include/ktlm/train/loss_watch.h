// Looks at the loss and the gradient's norm of each step for what goes wrong in a night: numbers that are not finite,
// whose steps the optimizer has skipped on the device (Optimizer::step), and losses far above those of the steps
// before.
#pragma once

#include <cstdint>
#include <string>

namespace ktlm::train {

/// What the watch remembers; a part of the trainer's state, so that a resumed run judges as one that went on.
struct LossHistory {
  int64_t losses = 0;             // that mean and variance are of, up to kWindow of them in effect
  double mean = 0, variance = 0;  // moving; a spike counts as kKeptDeviations above the mean
  int64_t skipped_in_row = 0;     // steps up to the last one
  int64_t spikes_in_row = 0;
  int64_t first_bad_step = 0;  // of the row
};

class LossWatch {
 public:
  static constexpr int64_t kWindow = 64;        // steps that the moving mean remembers
  static constexpr int64_t kFirstLosses = 32;   // before so many nothing is called a spike: the first losses fall fast
  static constexpr double kDeviations = 6;      // above the mean: once in 10^9 steps by chance
  static constexpr double kKeptDeviations = 1;  // so that a spike does not raise the measure by which it is one
  static constexpr double kLeastDeviation = 0.02;  // of the mean: a run that hardly varies has no spikes of 1 %
  static constexpr int64_t kSkippedToRollBack = 3;
  static constexpr int64_t kSpikesToRollBack = 32;  // most spikes are over sooner; a run that diverges is not

  enum class Verdict { kFine, kSkipped, kSpike };

  explicit LossWatch(const LossHistory& history) : history_(history) {}

  /// What step number `step`, counted from 1, was like. `loss` and `norm` as the device has them.
  Verdict observe(int64_t step, double loss, double norm);

  /// Whether the row of bad steps that the last one stands in is so long that the weights are no longer trusted.
  bool should_roll_back() const;
  /// Standard deviations of `loss` above the mean of those before.
  double deviations(double loss) const;

  const LossHistory& history() const { return history_; }

 private:
  LossHistory history_;
};

}  // namespace ktlm::train
