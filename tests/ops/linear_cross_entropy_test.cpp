#include "ktlm/ops/linear_cross_entropy.h"

#include <gtest/gtest.h>

#include "ktlm/ops/autocast.h"
#include "ops/gradients.h"

namespace ktlm::ops {
namespace {

using test::differentiate;
using test::relative_difference;

struct Example {
  std::vector<at::Tensor> inputs;  // hidden (N, C), weight (V, C)
  at::Tensor targets;              // (N), some of them negative
};

Example random_example(int64_t rows, int64_t channels, int64_t vocab_size) {
  auto targets = at::randint(0, vocab_size, {rows}, at::kLong);
  for (int64_t i = 0; i < rows; i += 5) targets[i] = i % 2 == 0 ? -100 : -1;
  return {{at::randn({rows, channels}), at::randn({vocab_size, channels})}, targets};
}

at::Tensor plain(const std::vector<at::Tensor>& inputs, const at::Tensor& targets) {
  const auto logits = at::linear(inputs[0], inputs[1]).to(at::kFloat);
  return at::cross_entropy_loss(logits, targets.masked_fill(targets < 0, -100));
}

TEST(LinearCrossEntropy, EqualsPlainCrossEntropyWithItsGradients) {
  at::manual_seed(1);
  for (const auto& [chunk_rows, vocab_size] : std::vector<std::pair<int64_t, int64_t>>{
           {1, 51}, {3, 51}, {16, 51}, {0, 51}, {1, 64}, {16, 64}, {0, 4000}, {16, 5000}}) {
    const auto example = random_example(33, 12, vocab_size);
    const auto got = differentiate(
        [&, rows = chunk_rows](const auto& in) { return linear_cross_entropy(in[0], in[1], example.targets, rows); },
        example.inputs);
    const auto expected = differentiate([&](const auto& in) { return plain(in, example.targets); }, example.inputs);
    EXPECT_LT(relative_difference(got.value, expected.value), 1e-6);
    EXPECT_LT(relative_difference(got.gradients[0], expected.gradients[0]), 4e-6);
    EXPECT_LT(relative_difference(got.gradients[1], expected.gradients[1]), 4e-6);
  }
}

TEST(LinearCrossEntropy, RefusesATargetBeyondTheVocabulary) {
  for (const int64_t vocab_size : {51, 64}) {
    auto example = random_example(4, 12, vocab_size);
    example.targets[1] = vocab_size;
    example.inputs[0].requires_grad_(true);
    EXPECT_THROW(linear_cross_entropy(example.inputs[0], example.inputs[1], example.targets), c10::Error);
  }
}

TEST(LinearCrossEntropy, HandlesOneRowAndOneWord) {
  at::manual_seed(2);
  for (const auto& [rows, vocab_size] : std::vector<std::pair<int64_t, int64_t>>{{1, 7}, {9, 1}}) {
    Example example{{at::randn({rows, 3}), at::randn({vocab_size, 3})}, at::zeros({rows}, at::kLong)};
    const auto got = differentiate([&](const auto& in) { return linear_cross_entropy(in[0], in[1], example.targets); },
                                   example.inputs);
    const auto expected = differentiate([&](const auto& in) { return plain(in, example.targets); }, example.inputs);
    EXPECT_NEAR(got.value.item<double>(), expected.value.item<double>(), 1e-5);
    EXPECT_LT(test::largest_difference(got.gradients[0], expected.gradients[0]), 1e-5);
  }
}

TEST(LinearCrossEntropy, UnderAutocastStaysWithinRoundingOfFullPrecision) {
  at::manual_seed(3);
  for (const int64_t vocab_size : {97, 96}) {
    const auto example = random_example(65, 32, vocab_size);
    const auto got = differentiate(
        [&](const auto& in) {
          const AutocastGuard autocast(at::kCPU, at::kBFloat16);
          return linear_cross_entropy(in[0], in[1], example.targets, 16);
        },
        example.inputs);
    const auto expected = differentiate([&](const auto& in) { return plain(in, example.targets); }, example.inputs);
    EXPECT_EQ(got.value.scalar_type(), at::kFloat);
    EXPECT_EQ(got.gradients[0].scalar_type(), at::kFloat);
    EXPECT_EQ(got.gradients[1].scalar_type(), at::kFloat);
    EXPECT_LT(relative_difference(got.value, expected.value), 5e-3);
    EXPECT_LT(relative_difference(got.gradients[0], expected.gradients[0]), 2e-2);
    EXPECT_LT(relative_difference(got.gradients[1], expected.gradients[1]), 2e-2);
  }
}

TEST(LinearCrossEntropy, ComputesWholeBf16ModelsInTheirDtype) {
  at::manual_seed(4);
  auto example = random_example(20, 16, 31);
  for (auto& input : example.inputs) input = input.to(at::kBFloat16);
  const auto got = differentiate([&](const auto& in) { return linear_cross_entropy(in[0], in[1], example.targets, 7); },
                                 example.inputs);
  const auto expected = differentiate([&](const auto& in) { return plain(in, example.targets); }, example.inputs);
  EXPECT_EQ(got.gradients[1].scalar_type(), at::kBFloat16);
  EXPECT_LT(relative_difference(got.value, expected.value), 1e-5);
  EXPECT_LT(relative_difference(got.gradients[0], expected.gradients[0]), 2e-2);
  EXPECT_LT(relative_difference(got.gradients[1], expected.gradients[1]), 2e-2);
}

TEST(LinearCrossEntropy, WithoutTargetsIsZeroAndMovesNothing) {
  const Example example{{at::randn({4, 3}), at::randn({5, 3})}, at::full({4}, -100, at::kLong)};
  const auto got = differentiate([&](const auto& in) { return linear_cross_entropy(in[0], in[1], example.targets); },
                                 example.inputs);
  EXPECT_EQ(got.value.item<double>(), 0.0);
  EXPECT_EQ(got.gradients[0].abs().max().item<double>(), 0.0);
  EXPECT_EQ(got.gradients[1].abs().max().item<double>(), 0.0);
}

TEST(LinearCrossEntropy, WithoutGradientGivesTheSameValue) {
  at::manual_seed(5);
  const auto example = random_example(33, 12, 51);
  const auto value = linear_cross_entropy(example.inputs[0], example.inputs[1], example.targets, 8);
  EXPECT_FALSE(value.requires_grad());
  EXPECT_LT(relative_difference(value, plain(example.inputs, example.targets)), 1e-6);
}

TEST(LinearCrossEntropy, LossesPerRowAreThoseOfCrossEntropy) {
  at::manual_seed(6);
  const auto example = random_example(33, 12, 51);
  const auto got = linear_cross_entropy_per_row(example.inputs[0], example.inputs[1], example.targets, 10);
  const auto logits = at::linear(example.inputs[0], example.inputs[1]);
  const auto targets = example.targets.masked_fill(example.targets < 0, -100);
  const auto expected = at::cross_entropy_loss(logits, targets, {}, at::Reduction::None);
  EXPECT_LT(test::largest_difference(got, expected), 1e-5);
}

}  // namespace
}  // namespace ktlm::ops
