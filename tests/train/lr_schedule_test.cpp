#include "ktlm/train/lr_schedule.h"

#include <gtest/gtest.h>

#include "error_message.h"

namespace ktlm::train {
namespace {

// 100 steps up to 1e-3, 10 of them warm-up, down to a tenth; the expected values are the formulas, worked out in
// Python.
TrainConfig config_of(const std::string& schedule) {
  TrainConfig config;
  config.lr_schedule = schedule;
  config.max_steps = 100;
  config.warmup_steps = 10;
  config.learning_rate = 1e-3;
  config.min_learning_rate_ratio = 0.1;
  config.decay_fraction = 0.2;
  return config;
}

void expect_rate(const TrainConfig& config, int64_t step, double expected) {
  EXPECT_NEAR(learning_rate_at(config, step), expected, 1e-15) << config.lr_schedule << ", step " << step;
}

TEST(LrSchedule, RisesInALine) {
  for (const auto* schedule : {"cosine", "wsd"}) {
    expect_rate(config_of(schedule), 0, 1e-4);
    expect_rate(config_of(schedule), 4, 5e-4);
    expect_rate(config_of(schedule), 9, 1e-3);
    expect_rate(config_of(schedule), 10, 1e-3);
  }
}

TEST(LrSchedule, CosineGoesDownHalfAWave) {
  expect_rate(config_of("cosine"), 40, 0.000775);
  expect_rate(config_of("cosine"), 55, 0.00055);
  expect_rate(config_of("cosine"), 99, 0.0001002741278414069);
}

TEST(LrSchedule, WsdIsSteadyThenGoesDownByTheRoot) {
  expect_rate(config_of("wsd"), 40, 1e-3);
  expect_rate(config_of("wsd"), 80, 1e-3);
  expect_rate(config_of("wsd"), 81, 0.000798753882025019);
  expect_rate(config_of("wsd"), 85, 0.00055);
  expect_rate(config_of("wsd"), 99, 0.0001227885089671933);
}

TEST(LrSchedule, StaysAtTheMinimumBeyondTheEnd) {
  for (const auto* schedule : {"cosine", "wsd"}) {
    expect_rate(config_of(schedule), 100, 1e-4);
    expect_rate(config_of(schedule), 5000, 1e-4);
  }
}

TEST(LrSchedule, WarmUpMayBeNone) {
  auto config = config_of("cosine");
  config.warmup_steps = 0;
  expect_rate(config, 0, 1e-3);
}

TEST(TrainConfig, NumbersThatDoNotFitTogetherAreRefused) {
  auto config = config_of("cosine");
  config.warmup_steps = 100;
  EXPECT_EQ(
      test::error_message([&] { config.validate(); }),
      "train.warmup_steps is 100, expected less than train.max_steps (100); lower it, 1-2 % of the steps is usual");
  config = config_of("cosine");
  config.beta2 = 1;
  EXPECT_EQ(test::error_message([&] { config.validate(); }),
            "train.beta1 and train.beta2 must be less than 1 (0.9 and 0.95 are usual)");
  TrainConfig still;
  still.muon_momentum = 1;
  EXPECT_EQ(test::error_message([&] { still.validate(); }), "train.muon_momentum must be less than 1 (0.95 is usual)");
  config = config_of("cosine");
  config.early_stop_patience = 3;
  config.eval_every_steps = 0;
  EXPECT_EQ(test::error_message([&] { config.validate(); }),
            "train.early_stop_patience needs validations; set train.eval_every_steps or leave patience at 0");
}

}  // namespace
}  // namespace ktlm::train
