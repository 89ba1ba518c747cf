// What a training step asks of MPS: no operator that is known to go wrong there, and no wait for the device but where a
// line is logged. Every wait empties the queue, which then has to fill again.
#include <gmock/gmock.h>

#include <algorithm>
#include <tuple>

#include "forbidden_operators.h"
#include "ktlm/train/optimizer.h"
#include "ktlm/train/train_step.h"
#include "ktlm/train/trainer.h"
#include "model/example_model.h"
#include "mps_device.h"
#include "operator_recorder.h"
#include "train/tiny_run.h"

namespace ktlm {
namespace {

using test::forbidden_calls;
using test::host_syncs;
using test::OperatorCall;
using test::Phase;
using test::record_operators;
using test::uploads;
using testing::IsEmpty;

// A copy to MPS waits for the queue as well: the trainer brings all batches up to the next line at once.
constexpr size_t kUploadsPerLine = 1;
// The losses and gradient norms of all steps since the line before, together.
constexpr size_t kSyncsPerLine = 1;

class MpsTrainingStep : public test::MpsTest,
                        public testing::WithParamInterface<std::tuple<bool, at::ScalarType, bool>> {
 protected:
  static std::vector<OperatorCall> calls_of_step(const at::Tensor& text_starts);
};

std::vector<OperatorCall> MpsTrainingStep::calls_of_step(const at::Tensor& text_starts) {
  const auto [all_options, dtype, checkpointing] = GetParam();
  model::ModelConfig config = test::small_config();
  if (all_options) {
    config.qk_norm = true;
    config.tie_embeddings = false;
  }
  model::LanguageModel model = test::on_mps(test::example_model(config));
  model.set_requires_grad(true);
  model.set_gradient_checkpointing(checkpointing);
  train::Optimizer optimizer(model.parameters(), {.muon = all_options});
  constexpr int64_t kMicroBatches = 3;
  const data::Batch batch = {test::random_ids(config, 2, 40, 1).to(at::kMPS),
                             test::random_ids(config, 2, 40, 2).to(at::kMPS), text_starts};
  return record_operators([&] {
    for (int64_t i = 0; i < kMicroBatches; ++i) train::accumulate_gradients(model, batch, 1.0 / kMicroBatches, dtype);
    optimizer.step(1e-3, /*max_norm=*/1, /*loss=*/{}, dtype);
  });
}

TEST_P(MpsTrainingStep, WaitsForNothingAndRunsNoForbiddenOperator) {
  const auto calls = calls_of_step({});
  EXPECT_THAT(forbidden_calls(calls, Phase::kTraining), IsEmpty());
  EXPECT_THAT(host_syncs(calls), IsEmpty());
  EXPECT_THAT(uploads(calls), IsEmpty());
}

TEST_P(MpsTrainingStep, OfPackedDialoguesWaitsForNothingAndRunsNoForbiddenOperator) {
  const auto text_starts = at::arange(40).div(15, "floor").mul(15).repeat({2, 1}).to(at::kMPS);
  const auto calls = calls_of_step(text_starts);
  EXPECT_THAT(forbidden_calls(calls, Phase::kTraining), IsEmpty());
  EXPECT_THAT(host_syncs(calls), IsEmpty());
  EXPECT_THAT(uploads(calls), IsEmpty());
}

std::string variant_name(const testing::TestParamInfo<MpsTrainingStep::ParamType>& parameter) {
  const auto [all_options, dtype, checkpointing] = parameter.param;
  return std::string(all_options ? "QkNormUntiedMuon" : "Plain") + (dtype == at::kFloat ? "Fp32" : "Bf16") +
         (checkpointing ? "Checkpointed" : "");
}

INSTANTIATE_TEST_SUITE_P(, MpsTrainingStep,
                         testing::Combine(testing::Bool(), testing::Values(at::kFloat, at::kBFloat16), testing::Bool()),
                         variant_name);

int64_t largest_operand(const std::vector<OperatorCall>& calls) {
  int64_t largest = 0;
  for (const OperatorCall& call : calls)
    for (const auto& argument : call.arguments) largest = std::max(largest, c10::multiply_integers(argument.sizes));
  return largest;
}

class MpsTrainingMemory : public test::MpsTest {};

TEST_F(MpsTrainingMemory, GrowsWithTheContextAndNotWithItsSquare) {
  const auto largest_with_context = [](int64_t num_tokens) {
    model::ModelConfig config = test::small_config();
    config.max_seq_len = num_tokens;
    model::LanguageModel model = test::on_mps(test::example_model(config));
    model.set_requires_grad(true);
    const data::Batch batch = {test::random_ids(config, 1, num_tokens, 1), test::random_ids(config, 1, num_tokens, 2)};
    return largest_operand(record_operators([&] { train::accumulate_gradients(model, batch, 1, at::kFloat); }));
  };
  EXPECT_LE(largest_with_context(1024), 2 * largest_with_context(512));
}

// MPS has computed products of 8 * 1,024 * 50,000 logits wrongly (#109457), beside what they take.
TEST_F(MpsTrainingMemory, NeverHoldsTheLogitsOfABatch) {
  model::ModelConfig config = test::small_config();
  config.vocab_size = 32000;
  config.max_seq_len = 512;
  model::LanguageModel model = test::on_mps(test::example_model(config));
  model.set_requires_grad(true);
  const data::Batch batch = {test::random_ids(config, 2, 512, 1), test::random_ids(config, 2, 512, 2)};
  const auto calls = record_operators([&] { train::accumulate_gradients(model, batch, 1, at::kFloat); });
  EXPECT_LT(largest_operand(calls), 2 * 512 * config.vocab_size);
}

// The whole run, from the token files to the model; what does not depend on the number of steps cancels out.
class MpsRun : public test::MpsTest {
 protected:
  static std::vector<OperatorCall> calls_of_run(int64_t num_steps, int64_t log_every_steps) {
    const test::TemporaryDirectory directory;
    auto request = train::tiny_request(train::tiny_data(), directory.path());
    request.device = "mps";
    request.train.max_steps = num_steps;
    request.train.log_every_steps = log_every_steps;
    request.train.checkpoint_every_steps = 0;
    return record_operators([&] { train::train(request, {}, StopFlag()); });
  }
};

TEST_F(MpsRun, WaitsForTheDeviceOnlyWhereALineIsLogged) {
  constexpr int64_t kNever = 1000;  // beside the last step, which every run logs
  const auto short_run = calls_of_run(4, kNever), long_run = calls_of_run(12, kNever), chatty_run = calls_of_run(12, 4);
  EXPECT_EQ(host_syncs(long_run).size(), host_syncs(short_run).size());
  EXPECT_EQ(uploads(long_run).size(), uploads(short_run).size());
  EXPECT_EQ(host_syncs(chatty_run).size(), host_syncs(short_run).size() + 2 * kSyncsPerLine);
  EXPECT_EQ(uploads(chatty_run).size(), uploads(short_run).size() + 2 * kUploadsPerLine);
}

TEST_F(MpsRun, RunsNoForbiddenOperator) {
  EXPECT_THAT(forbidden_calls(calls_of_run(3, 1), Phase::kTraining), IsEmpty());
}

}  // namespace
}  // namespace ktlm
