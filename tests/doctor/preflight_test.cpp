#include "ktlm/doctor/preflight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_directory.h"

namespace ktlm::doctor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TrainingPlan good_plan() {
  TrainingPlan plan = shipped_plans().front();
  plan.train.max_steps = 40000;
  plan.train.grad_accum_steps = 4;
  return plan;
}

class PreflightTest : public testing::Test {
 protected:
  Preflight look_at(const TrainingPlan& plan, int64_t corpus_tokens = 100'000'000) const {
    return preflight(plan, at::kFloat, at::kCPU, corpus_tokens, directory_.path());
  }
  test::TemporaryDirectory directory_;
};

TEST_F(PreflightTest, CountsWhatTheRunReadsAndTakes) {
  const TrainingPlan plan = good_plan();
  const Preflight result = look_at(plan);
  EXPECT_EQ(result.parameters, plan.model.num_parameters());
  EXPECT_EQ(result.tokens_per_step, 8 * 4 * 128);
  EXPECT_EQ(result.planned_tokens, 40000 * 8 * 4 * 128);
  EXPECT_NEAR(result.epochs, 1.638, 1e-3);
  // Two kept, the best, one being written; the model. Muon keeps one moment, of the embedding AdamW two.
  const int64_t moments = result.parameters + plan.model.vocab_size * plan.model.d_model;
  EXPECT_EQ(result.disk_bytes, 4 * (result.parameters + moments) * 4 + result.parameters * 4);
  EXPECT_GT(result.free_disk_bytes, 0);
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.faults, IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty());
}

TEST_F(PreflightTest, OfSeveralProcessesCountsAllTheyReadAndTheBucketsOfEach) {
  TrainingPlan plan = good_plan();
  const Preflight alone = look_at(plan);
  plan.processes = 4;
  const Preflight together = look_at(plan);
  EXPECT_EQ(together.planned_tokens, 4 * alone.planned_tokens);
  EXPECT_EQ(together.memory_bytes, alone.memory_bytes + 4 * alone.parameters);  // gradients are added up beside them
  EXPECT_EQ(together.disk_bytes, alone.disk_bytes);
}

TEST_F(PreflightTest, ProcessesOfAMachineShareItsMemory) {
  TrainingPlan plan = good_plan();
  const Preflight alone = look_at(plan);
  plan.processes = 8;
  plan.processes_here = 4;
  const Preflight together = look_at(plan);
  EXPECT_EQ(together.usable_memory_bytes, alone.usable_memory_bytes / 4);
  EXPECT_THAT(preflight_lines(together)[1],
              testing::MatchesRegex("memory about .* of .* for each of 4 processes, disk up to .*"));
  const int64_t bytes = together.usable_memory_bytes + together.usable_memory_bytes / 2;  // a share and a half
  plan.train.micro_batch_size = largest_micro_batch(plan, at::kFloat, at::kCPU, bytes);
  EXPECT_THAT(look_at(plan).faults, testing::Contains(testing::MatchesRegex(
                                        "the run takes about .* of memory, and should take no more than .* for each "
                                        "of 4 processes; set train.micro_batch_size to auto, .*")));
  plan.processes_here = 1;
  EXPECT_THAT(look_at(plan).faults, testing::Not(testing::Contains(HasSubstr("of memory"))));
}

TEST_F(PreflightTest, LinesHaveTheTimeWhereItWasMeasured) {
  Preflight result = look_at(good_plan());
  EXPECT_EQ(preflight_lines(result).size(), 2U);
  result.seconds = 7265;
  EXPECT_THAT(
      preflight_lines(result),
      ElementsAre(testing::MatchesRegex(
                      "[0-9.]+M parameters, 164M tokens to train on \\([0-9.]+ a parameter\\), 1.6 times the text"),
                  testing::MatchesRegex("memory about .* of .*, disk up to .* of .* free"),
                  "time about 2h01m, without validations"));
}

TEST_F(PreflightTest, WarnsOfEachThingThatIsPoor) {
  TrainingPlan plan = good_plan();
  EXPECT_THAT(look_at(plan, 10'000'000).warnings, ElementsAre(StartsWith("the plan reads the text 16.4 times")));
  plan.train.micro_batch_size = plan.train.grad_accum_steps = 1;
  plan.train.max_steps = 1'000'000;
  plan.model.vocab_size = 16000;
  EXPECT_THAT(look_at(plan).warnings, ElementsAre(StartsWith("a step has 128 tokens")));
  EXPECT_THAT(look_at(plan).faults, ElementsAre(HasSubstr("% of the parameters; a smaller vocabulary")));
  plan = good_plan();
  plan.train.max_steps = 200;
  plan.train.warmup_steps = 150;
  EXPECT_THAT(look_at(plan).warnings, ElementsAre(HasSubstr("tokens per parameter, where some 20 are best"),
                                                  StartsWith("the learning rate rises during more than half")));
}

TEST_F(PreflightTest, ANewModelIsNotMeantForDialogues) {
  TrainingPlan plan = good_plan();
  plan.train.task = "chat";
  EXPECT_THAT(look_at(plan).faults, ElementsAre("train.task is chat, but the model is a new one, which learns no "
                                                "language from dialogues alone; give a trained one with --init-from"));
  plan.train.init_from = "runs/small/model";
  EXPECT_THAT(look_at(plan).faults, IsEmpty());
}

TEST_F(PreflightTest, WhatSurelyDoesNotFitIsAnError) {
  TrainingPlan plan = good_plan();
  plan.model.d_model = 1 << 20;  // 16 bytes a parameter, more than any machine of today has
  EXPECT_THAT(look_at(plan).error, testing::AnyOf(StartsWith("weights, gradients and moments alone take "),
                                                  HasSubstr(": a checkpoint and the model take ")));
  plan.train.micro_batch_size = 0;  // not found yet
  EXPECT_EQ(missing_room(plan, at::kCPU, directory_.path()), look_at(plan).error);
  EXPECT_EQ(missing_room(good_plan(), at::kCPU, directory_.path()), "");
}

TEST_F(PreflightTest, WhatMayNotFitIsAFaultOfARunOfAnyLength) {
  TrainingPlan plan = good_plan();
  plan.train.max_steps = 1;
  plan.train.warmup_steps = 0;
  plan.train.keep_checkpoints = int64_t{1} << 30;
  plan.train.micro_batch_size = int64_t{1} << 30;
  EXPECT_THAT(look_at(plan).faults,
              ElementsAre(StartsWith("the run takes about "), HasSubstr(": the run's checkpoints take up to ")));
  EXPECT_EQ(look_at(plan).error, "");
}

TEST_F(PreflightTest, ASizeThatIsLeftToTheRunIsTakenAsOneThatFits) {
  TrainingPlan plan = good_plan();
  plan.train.micro_batch_size = 0;
  plan.train.grad_accum_steps = 48;
  const TrainingPlan settled = with_micro_batch_size(plan, at::kFloat, at::kCPU);
  EXPECT_EQ(settled.train.windows_per_step(), 48);
  EXPECT_EQ(settled.train.micro_batch_size, 48);
}

}  // namespace
}  // namespace ktlm::doctor
