#include "ktlm/ops/swiglu.h"

#include <gtest/gtest.h>

#include "ops/gradients.h"

namespace ktlm::ops {
namespace {

at::Tensor plain_swiglu(const at::Tensor& gate, const at::Tensor& up) { return gate * at::sigmoid(gate) * up; }

TEST(Swiglu, EqualsThePlainVersionWithItsGradients) {
  at::manual_seed(1);
  for (const int64_t size : {17, 1600}) {
    const std::vector<at::Tensor> inputs{at::randn({3, 15, size}) * 4, at::randn({3, 15, size})};
    const auto got = test::differentiate([](const auto& in) { return swiglu(in[0], in[1]); }, inputs);
    const auto plain = test::differentiate([](const auto& in) { return plain_swiglu(in[0], in[1]); }, inputs);
    EXPECT_LT(test::relative_difference(got.value, plain.value), 1e-6);
    EXPECT_LT(test::relative_difference(got.gradients[0], plain.gradients[0]), 1e-6);
    EXPECT_LT(test::relative_difference(got.gradients[1], plain.gradients[1]), 1e-6);
  }
}

TEST(Swiglu, StaysWithinRoundingInBf16) {
  at::manual_seed(2);
  for (const int64_t size : {33, 48}) {
    const std::vector<at::Tensor> inputs{at::randn({64, size}).to(at::kBFloat16),
                                         at::randn({64, size}).to(at::kBFloat16)};
    const std::vector<at::Tensor> exact_inputs{inputs[0].to(at::kFloat), inputs[1].to(at::kFloat)};
    const auto got = test::differentiate([](const auto& in) { return swiglu(in[0], in[1]); }, inputs);
    const auto plain =
        test::differentiate([](const auto& in) { return plain_swiglu(in[0], in[1]).to(at::kBFloat16); }, exact_inputs);
    EXPECT_EQ(got.value.scalar_type(), at::kBFloat16);
    EXPECT_LT(test::relative_difference(got.value, plain.value), 8e-3);
    EXPECT_LT(test::relative_difference(got.gradients[0], plain.gradients[0]), 8e-3);
    EXPECT_LT(test::relative_difference(got.gradients[1], plain.gradients[1]), 8e-3);
  }
}

TEST(Swiglu, SurvivesTheLargestGates) {
  const std::vector<at::Tensor> inputs{
      at::tensor({-3e38F, -200.0F, -100.0F, 0.0F, 100.0F, 1e20F}).repeat({8}).view({3, 16}), at::ones({3, 16})};
  const auto got = test::differentiate([](const auto& in) { return swiglu(in[0], in[1]); }, inputs);
  EXPECT_TRUE(got.value.isfinite().all().item<bool>());
  EXPECT_TRUE(got.gradients[0].isfinite().all().item<bool>());
}

}  // namespace
}  // namespace ktlm::ops
