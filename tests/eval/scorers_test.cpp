// Both scorers against the obvious way: each token's probability from the logits behind what stands before it.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "error_message.h"
#include "eval_fixtures.h"
#include "ktlm/eval/cpu_scorer.h"
#include "ktlm/eval/torch_scorer.h"

namespace ktlm::eval {
namespace {

using test::random_model;
using test::small_tokenizer;

Ids some_ids(size_t count, int64_t seed) {
  Random random(static_cast<uint64_t>(seed));
  Ids ids;
  for (size_t i = 0; i < count; ++i)
    ids.push_back(static_cast<tokenizer::TokenId>(random.below(static_cast<uint64_t>(small_tokenizer().vocab_size()))));
  return ids;
}

double obvious(const Ids& context, const Ids& continuation) {
  const at::NoGradGuard no_grad;
  std::vector<int64_t> ids(context.begin(), context.end());
  double sum = 0;
  for (const auto id : continuation) {
    const auto hidden = random_model().hidden_states(at::tensor(ids, at::kLong).unsqueeze(0));
    const auto logits = random_model().logits(hidden)[0][-1].to(at::kDouble);
    sum += at::log_softmax(logits, 0)[id].item<double>();
    ids.push_back(id);
  }
  return sum;
}

// Contexts of many lengths, one to four continuations of one to nine tokens; some fill the model's context of 24.
std::vector<Prompt> some_prompts() {
  std::vector<Prompt> prompts;
  for (int64_t i = 0; i < 12; ++i) {
    Prompt prompt{some_ids(static_cast<size_t>(1 + i), i), {}};
    for (int64_t j = 0; j <= i % 4; ++j)
      prompt.continuations.push_back(some_ids(static_cast<size_t>(1 + (i + 3 * j) % 9), 100 * i + j));
    prompts.push_back(std::move(prompt));
  }
  prompts.push_back({some_ids(1, 50), {some_ids(24, 51)}});
  prompts.push_back({some_ids(24, 52), {some_ids(1, 53), some_ids(1, 54)}});
  prompts.push_back({some_ids(16, 55), {some_ids(9, 56), some_ids(2, 57)}});
  return prompts;
}

void expect_obvious(Scorer& scorer, double tolerance) {
  const auto prompts = some_prompts();
  const auto answers = scorer.log_likelihoods(prompts, {}, StopFlag());
  ASSERT_EQ(answers.size(), prompts.size());
  for (size_t i = 0; i < prompts.size(); ++i) {
    ASSERT_EQ(answers[i].size(), prompts[i].continuations.size());
    for (size_t j = 0; j < answers[i].size(); ++j) {
      const double expected = obvious(prompts[i].context, prompts[i].continuations[j]);
      EXPECT_NEAR(answers[i][j], expected, tolerance * std::abs(expected)) << i << " " << j;
    }
  }
}

TEST(TorchScorer, MatchesEachTokenByItselfInBatchesOfAnySize) {
  for (const int64_t batch_size : {1, 3, 8, 100}) {
    SCOPED_TRACE(batch_size);
    TorchScorer scorer(random_model(), batch_size, at::kFloat);
    expect_obvious(scorer, 1e-5);
  }
}

TEST(TorchScorer, Bf16ComesNear) {
  TorchScorer scorer(random_model(), 4, at::kBFloat16);
  expect_obvious(scorer, 0.05);
}

cpu_model::CpuModel own_model(cpu_model::WeightFormat format) {
  cpu_model::CpuModel::Tensors tensors;
  for (const auto& [name, tensor] : random_model().parameters())
    tensors[name] = {"F32",
                     tensor.sizes().vec(),
                     {static_cast<const std::byte*>(tensor.const_data_ptr()), static_cast<size_t>(tensor.nbytes())}};
  return {random_model().config(), tensors, format, 1, "model"};
}

TEST(CpuScorer, MatchesEachTokenByItselfInBatchesOfAnySize) {
  auto model = own_model(cpu_model::WeightFormat::kBf16);
  for (const int64_t batch_size : {1, 3, 100}) {
    SCOPED_TRACE(batch_size);
    CpuScorer scorer(model, batch_size);
    expect_obvious(scorer, 0.03);
  }
}

TEST(CpuScorer, GivesTheSameBitsInBatchesOfAnySize) {
  auto model = own_model(cpu_model::WeightFormat::kInt8);
  const auto prompts = some_prompts();
  const auto alone = CpuScorer(model, 1).log_likelihoods(prompts, {}, StopFlag());
  EXPECT_EQ(CpuScorer(model, 5).log_likelihoods(prompts, {}, StopFlag()), alone);
}

TEST(Scorers, StopWithoutAResult) {
  StopFlag stop;
  stop.request(2);
  auto model = own_model(cpu_model::WeightFormat::kBf16);
  EXPECT_TRUE(CpuScorer(model, 2).log_likelihoods(some_prompts(), {}, stop).empty());
  EXPECT_TRUE(TorchScorer(random_model(), 2, at::kFloat).log_likelihoods(some_prompts(), {}, stop).empty());
}

TEST(TorchScorer, RefusesAModelWhoseWeightsAreNoNumbers) {
  const auto broken = random_model(small_tokenizer().vocab_size());
  at::Tensor(broken.parameters().front().tensor).fill_(std::numeric_limits<float>::quiet_NaN());
  const auto message = [&](at::ScalarType dtype) {
    TorchScorer scorer(broken, 4, dtype);
    return test::error_message([&] { scorer.log_likelihoods(some_prompts(), {}, StopFlag()); });
  };
  for (const auto dtype : {at::kFloat, at::kBFloat16})
    EXPECT_EQ(message(dtype),
              "the model gives a text no finite probability; its weights are damaged or training broke down: take "
              "another checkpoint");
  EXPECT_EQ(message(at::kHalf),
            "the model gives a text no finite probability in fp16, which holds no number beyond 65504, too few for "
            "many models: take --dtype bf16 or fp32");
}

}  // namespace
}  // namespace ktlm::eval
