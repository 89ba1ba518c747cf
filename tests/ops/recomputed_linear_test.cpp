#include "ktlm/ops/recomputed_linear.h"

#include <gtest/gtest.h>

#include "ktlm/ops/autocast.h"
#include "ktlm/ops/rms_norm.h"
#include "ktlm/ops/swiglu.h"
#include "ops/gradients.h"

namespace ktlm::ops {
namespace {

using test::differentiate;
using test::relative_difference;

constexpr double kEps = 1e-5;

void expect_equal(const test::Operation& fused, const test::Operation& parts, const std::vector<at::Tensor>& inputs,
                  at::ScalarType dtype) {
  const auto under_autocast = [&](const test::Operation& operation) {
    return differentiate(
        [&](const auto& in) {
          const AutocastGuard autocast(at::kCPU, dtype);
          return operation(in);
        },
        inputs);
  };
  const auto got = under_autocast(fused), expected = under_autocast(parts);
  const double tolerance = dtype == at::kFloat ? 1e-5 : 0.01;  // bf16: sums of gradients are rounded at other places
  EXPECT_EQ(got.value.sizes(), expected.value.sizes());
  EXPECT_EQ(got.value.scalar_type(), expected.value.scalar_type());
  EXPECT_LT(relative_difference(got.value, expected.value), tolerance);
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(got.gradients[i].scalar_type(), expected.gradients[i].scalar_type());
    EXPECT_LT(relative_difference(got.gradients[i], expected.gradients[i]), tolerance) << "gradient " << i;
  }
}

at::Tensor joined(const std::vector<at::Tensor>& outputs) { return at::cat(outputs, -1); }

TEST(RecomputedLinear, LayersBehindARmsNormEqualItsParts) {
  at::manual_seed(1);
  for (const int64_t size : {48, 20}) {  // with row kernels and without
    const std::vector<at::Tensor> inputs{at::randn({2, 7, size}), at::rand({size}), at::randn({5, size}),
                                         at::randn({33, size}), at::randn({16, size})};
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      expect_equal(
          [](const auto& in) {
            return joined(rms_norm_linear(in[0], in[1], kEps, {in[2], in[3], in[4]}));
          },
          [](const auto& in) {
            const auto y = rms_norm(in[0], in[1], kEps);
            return joined({at::linear(y, in[2]), at::linear(y, in[3]), at::linear(y, in[4])});
          },
          inputs, dtype);
    }
  }
}

TEST(RecomputedLinear, ALayerBehindSwigluEqualsItsParts) {
  at::manual_seed(2);
  for (const int64_t size : {80, 20}) {
    const std::vector<at::Tensor> inputs{at::randn({2, 7, size}), at::randn({2, 7, size}), at::randn({9, size})};
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      expect_equal([&](const auto& in) { return swiglu_linear(in[0].to(dtype), in[1].to(dtype), in[2]); },
                   [&](const auto& in) { return at::linear(swiglu(in[0].to(dtype), in[1].to(dtype)), in[2]); }, inputs,
                   dtype);
    }
  }
}

TEST(RecomputedLinear, SurvivesTheLargestGates) {
  const std::vector<at::Tensor> inputs{
      at::tensor({-3e38F, -200.0F, -100.0F, 0.0F, 100.0F, 1e20F}).repeat({8}).view({3, 16}), at::ones({3, 16}),
      at::eye(16)};
  const auto got = differentiate([](const auto& in) { return swiglu_linear(in[0], in[1], in[2]); }, inputs);
  EXPECT_TRUE(got.value.isfinite().all().item<bool>());
  EXPECT_TRUE(got.gradients[0].isfinite().all().item<bool>());
}

TEST(RecomputedLinear, ALayerWhoseOutputIsNotUsedHasNoGradient) {
  at::manual_seed(3);
  const auto x = at::randn({4, 16}).requires_grad_(true), norm = at::rand({16}).requires_grad_(true);
  const auto used = at::randn({16, 16}).requires_grad_(true), unused = at::randn({8, 16}).requires_grad_(true);
  rms_norm_linear(x, norm, kEps, {used, unused})[0].sum().backward();
  EXPECT_GT(used.grad().abs().sum().item<double>(), 0);
  EXPECT_EQ(unused.grad().abs().sum().item<double>(), 0);
}

}  // namespace
}  // namespace ktlm::ops
