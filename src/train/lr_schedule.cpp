#include "ktlm/train/lr_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ktlm::train {

namespace {

// How far `step` is from `begin` to `end`, 0 .. 1.
double fraction_done(int64_t step, int64_t begin, int64_t end) {
  if (step >= end) return 1;
  return std::max(0.0, static_cast<double>(step - begin) / static_cast<double>(end - begin));
}

}  // namespace

double learning_rate_at(const TrainConfig& config, int64_t step) {
  if (step < config.warmup_steps)
    return config.learning_rate * static_cast<double>(step + 1) / static_cast<double>(config.warmup_steps);

  double height = 1;  // 1 at the top, 0 at the minimum
  if (config.lr_schedule == "cosine") {
    const double t = fraction_done(step, config.warmup_steps, config.max_steps);
    height = 0.5 * (1 + std::cos(std::numbers::pi * t));
  } else {
    const auto decay_steps = std::llround(config.decay_fraction * static_cast<double>(config.max_steps));
    const int64_t decay_begin = std::max(config.warmup_steps, config.max_steps - static_cast<int64_t>(decay_steps));
    height = 1 - std::sqrt(fraction_done(step, decay_begin, config.max_steps));
  }
  const double floor = config.min_learning_rate_ratio;
  return config.learning_rate * (floor + (1 - floor) * height);
}

}  // namespace ktlm::train
