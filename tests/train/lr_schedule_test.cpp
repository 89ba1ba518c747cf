#include "ktlm/train/lr_schedule.h"

#include <gmock/gmock.h>
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
      test::error_message([&] { config.validate(512); }),
      "train.warmup_steps is 100, expected less than train.max_steps (100); lower it, 1-2 % of the steps is usual");
  config = config_of("cosine");
  config.beta2 = 1;
  EXPECT_EQ(test::error_message([&] { config.validate(512); }),
            "train.beta1 and train.beta2 must be less than 1 (0.9 and 0.95 are usual)");
  TrainConfig still;
  still.muon_momentum = 1;
  EXPECT_EQ(test::error_message([&] { still.validate(512); }),
            "train.muon_momentum must be less than 1 (0.95 is usual)");
  config = config_of("cosine");
  config.early_stop_patience = 3;
  config.eval_every_steps = 0;
  EXPECT_EQ(test::error_message([&] { config.validate(512); }),
            "train.early_stop_patience needs validations; set train.eval_every_steps or leave patience at 0");
}

TEST(TrainConfig, TheFirstWindowsAreHalvesOfTheLastOnes) {
  TrainConfig config;
  for (const int64_t good : {0, 512, 256, 64, 2}) {
    config.warmup_seq_len = good;
    config.validate(512);
  }
  config.warmup_seq_len = 96;
  config.validate(384);
  for (const int64_t poor : {96, 1024, 1}) {
    config.warmup_seq_len = poor;
    EXPECT_EQ(test::error_message([&] { config.validate(512); }),
              "train.warmup_seq_len is " + std::to_string(poor) +
                  ", expected model.max_seq_len (512) or its half, quarter and so on, at least 2; 0 makes all windows "
                  "as long");
  }
  config.warmup_seq_len = 64;
  config.task = "chat";
  EXPECT_EQ(test::error_message([&] { config.validate(512); }),
            "train.warmup_seq_len cuts texts, but train.task is chat; set it to 0");
}

TEST(TrainConfig, SizesThatCannotBeCountedAreRefused) {
  TrainConfig config;
  config.micro_batch_size = 3'000'000'000;
  config.grad_accum_steps = 5'000'000'000;
  EXPECT_EQ(test::error_message([&] { config.validate(512); }),
            "train.micro_batch_size (3000000000) x train.grad_accum_steps (5000000000) must be at most 1073741824 "
            "windows a step; lower one of them");
  config.micro_batch_size = 0;
  EXPECT_THAT(test::error_message([&] { config.validate(512); }), testing::HasSubstr("at most 1073741824 windows"));
  config.micro_batch_size = config.grad_accum_steps = 1 << 15;
  config.validate(512);
  config.max_steps = 1'000'000'000'000;
  EXPECT_EQ(test::error_message([&] { config.validate(512); }),
            "train.max_steps (1000000000000) x 1073741824 windows x model.max_seq_len (512) must be at most "
            "4503599627370496 tokens; lower train.max_steps");
}

}  // namespace
}  // namespace ktlm::train
