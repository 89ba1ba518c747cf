#include "step_watch.h"

#include <cstdio>
#include <string>

namespace ktlm::train {

struct StepWatch::Noticed {
  int64_t skipped = 0, last_skipped = 0;  // steps, and the number of the last of them
  int64_t spikes = 0, highest = 0;        // and the step of the highest
  double highest_loss = 0, mean = 0, deviations = 0;
};

StepWatch::StepWatch(TrainerState& state, int64_t max_steps, const WarningCallback& warning)
    : state_(state), max_steps_(max_steps), warning_(warning), watch_(state.losses) {}

void StepWatch::add(const at::Tensor& loss, const at::Tensor& gradient_norm) {
  unread_.push_back(at::stack({loss, gradient_norm}));
}

void StepWatch::read() {
  if (unread_.empty()) return;
  const at::Tensor rows = at::stack(unread_).cpu();
  const int64_t num_steps = rows.size(0), first_step = state_.step - num_steps + 1;
  unread_.clear();
  const auto* values = rows.const_data_ptr<float>();
  Noticed noticed;
  for (int64_t i = 0; i < num_steps && bad_step_ == 0; ++i) {
    const int64_t step = first_step + i;
    const double loss = values[2 * i], mean = watch_.history().mean, deviations = watch_.deviations(loss);
    gradient_norm_ = values[2 * i + 1];
    const auto verdict = watch_.observe(step, loss, gradient_norm_);
    if (verdict == LossWatch::Verdict::kSkipped) {
      ++noticed.skipped;
      noticed.last_skipped = step;
    } else {
      state_.loss_sum += loss;
      ++state_.loss_steps;
    }
    if (verdict == LossWatch::Verdict::kSpike && (++noticed.spikes == 1 || deviations > noticed.deviations)) {
      noticed.highest = step;
      noticed.highest_loss = loss, noticed.mean = mean, noticed.deviations = deviations;
    }
    const bool ends_skipped = step == max_steps_ && watch_.history().skipped_in_row > 0;
    if (ends_skipped || watch_.should_roll_back()) bad_step_ = step;
  }
  state_.losses = watch_.history();
  state_.skipped_steps += noticed.skipped;
  state_.spikes += noticed.spikes;
  warn(noticed);
}

void StepWatch::warn(const Noticed& noticed) const {
  if (!warning_) return;
  if (noticed.skipped == 1)
    warning_("step " + std::to_string(noticed.last_skipped) +
             " was skipped: its loss or gradient is not a finite number");
  if (noticed.skipped > 1)
    warning_(std::to_string(noticed.skipped) + " steps up to step " + std::to_string(noticed.last_skipped) +
             " were skipped: their loss or gradient is not a finite number");
  if (noticed.spikes > 0) {
    char line[200];
    std::snprintf(line, sizeof line, "step %lld: loss %.3f is a spike, %.1f deviations above the recent mean of %.3f",
                  static_cast<long long>(noticed.highest), noticed.highest_loss, noticed.deviations, noticed.mean);
    warning_(line + (noticed.spikes > 1 ? " (the highest of " + std::to_string(noticed.spikes) + ")" : std::string()));
  }
}

std::string StepWatch::reason() const {
  if (state_.losses.skipped_in_row > 0) return "the loss or its gradient is not a finite number";
  return "the loss stays far above that of the steps before";
}

void StepWatch::restart() {
  watch_ = LossWatch(state_.losses);
  unread_.clear();
  bad_step_ = 0;
}

}  // namespace ktlm::train
