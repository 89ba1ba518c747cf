#include "ktlm/train/loss_watch.h"

#include <algorithm>
#include <cmath>

namespace ktlm::train {

double LossWatch::deviations(double loss) const {
  const double deviation = std::max(std::sqrt(history_.variance), kLeastDeviation * std::abs(history_.mean));
  return deviation > 0 ? (loss - history_.mean) / deviation : 0;
}

LossWatch::Verdict LossWatch::observe(int64_t step, double loss, double norm) {
  LossHistory& h = history_;
  if (h.skipped_in_row == 0 && h.spikes_in_row == 0) h.first_bad_step = step;
  if (!std::isfinite(loss) || !std::isfinite(norm)) {
    ++h.skipped_in_row;
    return Verdict::kSkipped;
  }
  h.skipped_in_row = 0;
  const double above = deviations(loss);
  const bool spike = h.losses >= kFirstLosses && above > kDeviations;
  if (spike) loss = h.mean + (loss - h.mean) * kKeptDeviations / above;
  h.spikes_in_row = spike ? h.spikes_in_row + 1 : 0;

  // The first losses weigh the same each; later ones fade with the window.
  h.losses = std::min(h.losses + 1, kWindow);
  const double weight = 1 / static_cast<double>(h.losses), difference = loss - h.mean;
  h.mean += weight * difference;
  h.variance = (1 - weight) * (h.variance + weight * difference * difference);
  return spike ? Verdict::kSpike : Verdict::kFine;
}

bool LossWatch::should_roll_back() const {
  return history_.skipped_in_row >= kSkippedToRollBack || history_.spikes_in_row >= kSpikesToRollBack;
}

}  // namespace ktlm::train
