// Operations in sizes at which MPS needs another way than other devices.
#include <gmock/gmock.h>

#include "error_message.h"
#include "forbidden_operators.h"
#include "ktlm/ops/attention.h"
#include "ktlm/ops/linear_cross_entropy.h"
#include "ktlm/train/trainer.h"
#include "mps_device.h"
#include "ops/gradients.h"
#include "train/tiny_run.h"

namespace ktlm {
namespace {

class MpsOperations : public test::MpsTest {};

TEST_F(MpsOperations, LossOverALargeVocabularyEqualsTheCpusAndSumsInSlices) {
  at::manual_seed(1);
  const std::vector<at::Tensor> inputs = {at::randn({6, 16}), at::randn({70000, 16})};
  const at::Tensor targets = at::tensor({0, 16383, 16384, 40000, -1, 69999}, at::kLong);
  const auto loss_on = [&](at::Device device) {
    std::vector<at::Tensor> there;
    for (const auto& input : inputs) there.push_back(input.to(device));
    const auto loss = [&](const auto& in) { return ops::linear_cross_entropy(in[0], in[1], targets.to(device), 4); };
    return test::differentiate(loss, there);
  };
  const auto cpu = loss_on(at::kCPU);
  test::ValueAndGradients mps;
  const auto calls = test::record_operators([&] { mps = loss_on(at::kMPS); });
  EXPECT_THAT(test::forbidden_calls(calls, test::Phase::kTraining), testing::IsEmpty());
  EXPECT_LT(test::relative_error(mps.value, cpu.value), test::tolerance_of(at::kFloat));
  for (size_t i = 0; i < inputs.size(); ++i)
    EXPECT_LT(test::relative_error(mps.gradients[i], cpu.gradients[i]), test::tolerance_of(at::kFloat)) << i;
}

// 73 million scores: more than are formed at once.
TEST_F(MpsOperations, LongPaddedPromptsAreAttendedToInParts) {
  at::manual_seed(2);
  const at::Tensor q = at::randn({3, 2, 3500, 4}), k = at::randn({3, 1, 3520, 4}), v = at::randn({3, 1, 3520, 4});
  const auto attend_on = [&](at::Device device) {
    const auto padding = at::tensor({0, 5, 700}, at::kLong).to(device);
    const auto mask = ops::attention_mask(3500, 0, 3520, padding, device, at::kFloat);
    return ops::attention(q.to(device), k.to(device), v.to(device), mask);
  };
  const auto cpu = attend_on(at::kCPU);
  at::Tensor mps;
  const auto calls = test::record_operators([&] { mps = attend_on(at::kMPS); });
  EXPECT_LT(test::relative_error(mps, cpu), test::tolerance_of(at::kFloat));
  const auto attention_calls = std::count_if(calls.begin(), calls.end(), [](const test::OperatorCall& call) {
    return call.name == "scaled_dot_product_attention";
  });
  EXPECT_EQ(attention_calls, 2);  // row 0; rows 1 and 2
}

TEST_F(MpsOperations, MicroBatchOfTooManyTokensIsRefused) {
  const test::TemporaryDirectory directory;
  auto request = train::tiny_request(train::tiny_data(), directory.path());
  request.device = "mps";
  request.model.max_seq_len = 512;
  request.train.micro_batch_size = 64;
  EXPECT_EQ(test::error_message([&] { train::train(request, {}, StopFlag()); }),
            "train.micro_batch_size 64 x model.max_seq_len 512 are 32768 tokens, but MPS may sum over more than "
            "32766 wrongly (pytorch #195163); lower micro_batch_size and raise grad_accum_steps");
}

}  // namespace
}  // namespace ktlm
