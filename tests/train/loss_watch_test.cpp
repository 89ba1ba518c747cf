#include "ktlm/train/loss_watch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ktlm/core/random.h"

namespace ktlm::train {
namespace {

using Verdict = LossWatch::Verdict;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Loss of a step of a usual run: down from 9 to 3, with noise.
double usual_loss(int64_t step, Random& random) {
  const double noise = static_cast<double>(random.below(1000)) / 1000 - 0.5;
  return 3 + 6 * std::exp(-static_cast<double>(step) / 100) + 0.3 * noise;
}

LossWatch after_usual_steps(int64_t num_steps) {
  LossWatch watch({});
  Random random(1);
  for (int64_t step = 1; step <= num_steps; ++step) watch.observe(step, usual_loss(step, random), 1);
  return watch;
}

TEST(LossWatch, FindsNothingInAUsualRun) {
  LossWatch watch({});
  Random random(7);
  for (int64_t step = 1; step <= 5000; ++step)
    ASSERT_EQ(watch.observe(step, usual_loss(step, random), 1), Verdict::kFine) << step;
}

TEST(LossWatch, FindsASpikeAndForgetsIt) {
  LossWatch watch = after_usual_steps(500);
  EXPECT_EQ(watch.observe(501, 6, 1), Verdict::kSpike);
  EXPECT_FALSE(watch.should_roll_back());
  EXPECT_EQ(watch.observe(502, 3, 1), Verdict::kFine);
  EXPECT_EQ(watch.history().spikes_in_row, 0);
  EXPECT_NEAR(watch.history().mean, 3.05, 0.1);
}

TEST(LossWatch, CallsNothingASpikeBeforeItKnowsWhatIsUsual) {
  LossWatch watch({});
  for (int64_t step = 1; step <= LossWatch::kFirstLosses; ++step)
    EXPECT_EQ(watch.observe(step, step % 2 == 0 ? 1 : 9, 1), Verdict::kFine);
}

TEST(LossWatch, WantsToGoBackWhereTheLossStaysHigh) {
  LossWatch watch = after_usual_steps(500);
  int64_t step = 500;
  while (!watch.should_roll_back()) ASSERT_EQ(watch.observe(++step, 7, 1), Verdict::kSpike) << step;
  EXPECT_EQ(step, 500 + LossWatch::kSpikesToRollBack);
  EXPECT_EQ(watch.history().first_bad_step, 501);
}

TEST(LossWatch, WantsToGoBackAfterThreeStepsInARowThatAreNotFinite) {
  LossWatch watch = after_usual_steps(50);
  EXPECT_EQ(watch.observe(51, kNaN, 1), Verdict::kSkipped);
  EXPECT_EQ(watch.observe(52, 3, std::numeric_limits<double>::infinity()), Verdict::kSkipped);
  EXPECT_EQ(watch.observe(53, 6.5, 1), Verdict::kFine);
  for (int64_t step = 54; step <= 56; ++step) {
    EXPECT_FALSE(watch.should_roll_back());
    watch.observe(step, kNaN, kNaN);
  }
  EXPECT_TRUE(watch.should_roll_back());
  EXPECT_EQ(watch.history().first_bad_step, 54);
  EXPECT_TRUE(std::isfinite(watch.history().mean));
}

}  // namespace
}  // namespace ktlm::train
