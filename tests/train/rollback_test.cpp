// Runs whose weights break on the way: skipped steps, and the way back to a checkpoint.
#include "rollback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <functional>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "tiny_run.h"

namespace ktlm::train {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(RollbackTarget, IsTheNewestCheckpointThatAGoodStepFollows) {
  EXPECT_EQ(rollback_target({15, 10, 5}, 17), 15);
  EXPECT_EQ(rollback_target({15, 10, 5}, 16), 10);  // the weights of 15 may be why step 16 is bad
  EXPECT_EQ(rollback_target({15, 10}, 4), 10);
  EXPECT_EQ(rollback_target({}, 4), 0);
}

// A run whose first matrix of weights is broken behind given steps, as a wrong kernel would do it, and healed behind
// others; the samples that it makes at its validations hand the model out.
class BreakingRun {
 public:
  explicit BreakingRun(const fs::path& run_dir) : request(tiny_request(tiny_data(), run_dir)) {
    request.train.eval_every_steps = 5;
    request.train.sample_prompts = {"서울"};
    callbacks_.sample = [this](const model::LanguageModel& model, const std::string&) {
      weight_ = model.parameters()[broken_parameter].tensor;
      return std::string();
    };
    callbacks_.warning = [this](const std::string& warning) { warnings.push_back(warning); };
    callbacks_.progress = [this](const Progress& progress) {
      if (progress.stage != "training") return;
      if (progress.done == stop_at) stop_.request(SIGTERM);
      const at::NoGradGuard no_grad;
      if (breaks_left > 0 && progress.done == break_behind) {
        --breaks_left;
        healthy_ = weight_.clone();
        break_weight(weight_);
      } else if (progress.done == heal_behind) {
        weight_.copy_(healthy_);
      }
    };
  }

  TrainSummary train() {
    stop_.clear();
    return train::train(request, callbacks_, stop_);
  }

  TrainRequest request;
  size_t broken_parameter = 1;
  std::function<void(at::Tensor)> break_weight = [](const at::Tensor& weight) { weight.fill_(std::nan("")); };
  int64_t break_behind = 0, heal_behind = -1, breaks_left = 1, stop_at = -1;
  std::vector<std::string> warnings;

 private:
  TrainCallbacks callbacks_;
  StopFlag stop_;
  at::Tensor weight_, healthy_;
};

// "step key value" of each line of metrics.jsonl that has one of the keys.
std::vector<std::string> reports(const fs::path& run_dir, const std::vector<std::string>& keys) {
  std::vector<std::string> result;
  std::ifstream lines(run_dir / "metrics.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const Json report = parse_json(line, "metrics.jsonl");
    for (const auto& key : keys)
      if (report.contains(key)) result.push_back(report["step"].dump() + " " + key + " " + report[key].dump());
  }
  return result;
}

class RollbackTest : public testing::Test {
 protected:
  test::TemporaryDirectory run_dir_, other_dir_;
};

TEST_F(RollbackTest, OneBadStepIsSkippedAndTold) {
  BreakingRun run(run_dir_.path());
  run.request.train.log_every_steps = 4;
  run.break_behind = 6;
  run.heal_behind = 7;
  EXPECT_EQ(run.train().outcome, TrainOutcome::kFinished);
  EXPECT_THAT(run.warnings, ElementsAre("step 7 was skipped: its loss or gradient is not a finite number"));
  EXPECT_THAT(reports(run_dir_.path(), {"train/skipped_steps", "train/rolled_back_from"}),
              ElementsAre("8 train/skipped_steps 1.0"));
  for (const auto& report : reports(run_dir_.path(), {"train/loss"}))
    EXPECT_THAT(report, testing::Not(HasSubstr("null")));
}

TEST_F(RollbackTest, BrokenWeightsGoBackWithHalfTheRateAndOtherText) {
  BreakingRun run(run_dir_.path());
  run.break_behind = 12;
  EXPECT_EQ(run.train().outcome, TrainOutcome::kFinished);
  ASSERT_EQ(run.warnings.size(), 4U);  // three skipped steps, the way back
  EXPECT_EQ(run.warnings.back(),
            "step 15: the loss or its gradient is not a finite number; going back to step-000010 with 0.5 of the "
            "learning rate and other text (1 of at most 3 times)");
  EXPECT_THAT(reports(run_dir_.path(), {"train/rolled_back_from", "train/learning_rate_factor"}),
              ElementsAre("10 train/rolled_back_from 15.0", "10 train/learning_rate_factor 0.5"));
  EXPECT_EQ(reports(run_dir_.path(), {"train/loss"}).size(), 20U);  // each step once
  const auto state = load_newest_checkpoint(run_dir_.path(), at::kCPU, {}, {}).state;
  EXPECT_EQ(state.step, 20);
  EXPECT_EQ(state.rollbacks, 1);
  EXPECT_EQ(state.passed_over_steps, 5);
}

TEST_F(RollbackTest, ALossThatStaysHighIsToldAsASpikeAndLeadsBack) {
  BreakingRun run(run_dir_.path());
  run.request.train.max_steps = 85;
  run.request.train.checkpoint_every_steps = 20;
  run.request.train.eval_every_steps = 40;
  run.request.train.keep_checkpoints = 3;
  run.broken_parameter = 0;  // the embedding: all words turn into their opposites, and no step mends that
  run.break_weight = [](const at::Tensor& weight) { weight.mul_(-20); };
  run.break_behind = 50;
  EXPECT_EQ(run.train().outcome, TrainOutcome::kFinished);
  ASSERT_EQ(run.warnings.size(), 33U);  // 32 spikes, the way back
  EXPECT_THAT(run.warnings.front(), testing::MatchesRegex("step 51: loss [0-9.]+ is a spike, [0-9.]+ deviations above "
                                                          "the recent mean of [0-9.]+"));
  EXPECT_EQ(run.warnings.back(),
            "step 82: the loss stays far above that of the steps before; going back to step-000040 with 0.5 of the "
            "learning rate and other text (1 of at most 3 times)");
  EXPECT_THAT(reports(run_dir_.path(), {"train/rolled_back_from"}), ElementsAre("40 train/rolled_back_from 82.0"));
  EXPECT_THAT(reports(run_dir_.path(), {"train/spikes"}), testing::IsEmpty()) << "their lines went with the steps";
  EXPECT_EQ(load_newest_checkpoint(run_dir_.path(), at::kCPU, {}, {}).state.passed_over_steps, 42);
}

TEST_F(RollbackTest, KeepsTheMicroBatchesAndTheNumberTypeOfTheProcess) {
  BreakingRun run(run_dir_.path());
  run.stop_at = 7;
  EXPECT_EQ(run.train().outcome, TrainOutcome::kInterrupted);
  run.stop_at = -1;
  run.request.resume = true;
  run.request.train.micro_batch_size = 1;
  run.request.train.grad_accum_steps = 4;
  run.request.train.dtype = "bf16";
  run.break_behind = 10;  // so that the first process's checkpoint is the last that a good step follows
  EXPECT_EQ(run.train().outcome, TrainOutcome::kFinished);
  const auto state = load_newest_checkpoint(run_dir_.path(), at::kCPU, {}, {}).state;
  EXPECT_EQ(state.rollbacks, 1);
  EXPECT_EQ(state.micro_batch_size, 1);
  EXPECT_EQ(state.autocast_dtype, "bf16");
}

TEST_F(RollbackTest, LeavesTheNewerCheckpointsWhereNoOlderOneIsWhole) {
  BreakingRun run(run_dir_.path());
  run.breaks_left = 0;
  run.request.train.keep_checkpoints = 2;
  run.train();
  auto newest = load_newest_checkpoint(run_dir_.path(), at::kCPU, {}, {});
  const auto steps = list_checkpoints(run_dir_.path());
  ASSERT_GE(steps.size(), 2U);
  for (const int64_t step : steps)
    if (step < newest.state.step)
      write_file_atomically(run_dir_ / "checkpoints" / checkpoint_name(step) / "optimizer.safetensors", "torn");
  newest.state.losses.first_bad_step = newest.state.step + 1;
  EXPECT_THAT(test::error_message([&] {
                roll_back(run_dir_.path(), newest.state, newest.state.step + 1, newest.model, newest.optimizer, {});
              }),
              HasSubstr("no whole checkpoint is left"));
  EXPECT_EQ(list_checkpoints(run_dir_.path()), steps);
}

TEST_F(RollbackTest, ResumedBehindARollbackEqualsUninterrupted) {
  BreakingRun straight(run_dir_.path()), stopped(other_dir_.path());
  straight.break_behind = stopped.break_behind = 12;
  straight.train();
  stopped.stop_at = 17;
  EXPECT_EQ(stopped.train().outcome, TrainOutcome::kInterrupted);
  stopped.stop_at = -1;
  stopped.request.resume = true;
  stopped.train();
  expect_same_weights(run_dir_ / "model", other_dir_ / "model");
  EXPECT_EQ(reports(run_dir_.path(), {"train/loss", "train/learning_rate"}),
            reports(other_dir_.path(), {"train/loss", "train/learning_rate"}));
}

TEST_F(RollbackTest, AModelThatIsBrokenInTheLastStepsIsNoResult) {
  BreakingRun run(run_dir_.path());
  run.break_behind = 18;
  EXPECT_EQ(run.train().outcome, TrainOutcome::kFinished);
  EXPECT_THAT(run.warnings.back(), testing::StartsWith("step 20: the loss or its gradient is not a finite number; "
                                                       "going back to step-000015 "));
  for (const auto& [name, tensor] : weights_of(run_dir_ / "model"))
    EXPECT_TRUE(at::isfinite(tensor).all().item<bool>()) << name;
}

TEST_F(RollbackTest, ARunThatKeepsBreakingEndsWithOneError) {
  BreakingRun run(run_dir_.path());
  run.break_behind = 12;
  run.breaks_left = 100;
  EXPECT_EQ(test::error_message([&] { run.train(); }),
            "step 15: the loss or its gradient is not a finite number, and going back 3 times did not help; the last "
            "good checkpoint is step-000010: lower train.learning_rate and go on with --resume; where that does not "
            "help, see whether ktlm doctor finds the device in order");
  EXPECT_THAT(list_checkpoints(run_dir_.path()), ElementsAre(10, 5));
}

TEST_F(RollbackTest, WithoutACheckpointThereIsNoWayBack) {
  auto run = tiny_request(tiny_data(), run_dir_.path());
  run.train.learning_rate = 1e30;
  EXPECT_EQ(test::error_message([&] { train(run, {}, StopFlag()); }),
            "step 4: the loss or its gradient is not a finite number; no checkpoint was made yet: start again with a "
            "lower train.learning_rate");
}

}  // namespace
}  // namespace ktlm::train
