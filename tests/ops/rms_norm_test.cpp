#include "ktlm/ops/rms_norm.h"

#include <gtest/gtest.h>

#include "ktlm/ops/autocast.h"
#include "ops/gradients.h"

namespace ktlm::ops {
namespace {

using test::differentiate;
using test::relative_difference;

// transformers' LlamaRMSNorm, operation by operation.
at::Tensor plain_rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  const auto x32 = x.to(at::kFloat);
  const auto normalized = x32 * at::rsqrt(x32.pow(2).mean(-1, true) + eps);
  return weight * normalized.to(x.scalar_type());
}

TEST(RmsNorm, EqualsThePlainVersionWithItsGradients) {
  at::manual_seed(1);
  for (const auto& shape :
       std::vector<std::vector<int64_t>>{{3, 7, 40}, {1, 1, 2}, {5, 33}, {2, 3, 4, 8}, {3, 150, 512}, {2, 3, 4, 16}}) {
    const std::vector<at::Tensor> inputs{at::randn(shape) * 3, at::rand({shape.back()}) + 0.5};
    const auto got = differentiate([](const auto& in) { return rms_norm(in[0], in[1], 1e-5); }, inputs);
    const auto plain = differentiate([](const auto& in) { return plain_rms_norm(in[0], in[1], 1e-5); }, inputs);
    EXPECT_LT(relative_difference(got.value, plain.value), 1e-6);
    EXPECT_LT(relative_difference(got.gradients[0], plain.gradients[0]), 2e-6);
    EXPECT_LT(relative_difference(got.gradients[1], plain.gradients[1]), 2e-6);
  }
}

TEST(RmsNorm, RoundsReducedPrecisionAsTransformersDoes) {
  at::manual_seed(2);
  for (const auto dtype : {at::kBFloat16, at::kHalf}) {
    const auto x = at::randn({50, 64}).to(dtype), weight = (at::rand({64}) + 0.5).to(dtype);
    EXPECT_TRUE(at::equal(rms_norm(x, weight, 1e-5), plain_rms_norm(x, weight, 1e-5)));
  }
}

TEST(RmsNorm, GivesAutocastsDtypeAndFullPrecisionGradients) {
  at::manual_seed(3);
  for (const int64_t size : {24, 48}) {
    const std::vector<at::Tensor> inputs{at::randn({9, size}), at::rand({size}) + 0.5};
    const auto got = differentiate(
        [](const auto& in) {
          const AutocastGuard autocast(at::kCPU, at::kBFloat16);
          return rms_norm(in[0], in[1], 1e-5);
        },
        inputs);
    const auto plain =
        differentiate([](const auto& in) { return plain_rms_norm(in[0], in[1], 1e-5).to(at::kBFloat16); }, inputs);
    EXPECT_LT(relative_difference(got.value, plain.value), 4e-3);
    EXPECT_EQ(got.value.scalar_type(), at::kBFloat16);
    EXPECT_EQ(got.gradients[0].scalar_type(), at::kFloat);
    EXPECT_LT(relative_difference(got.gradients[0], plain.gradients[0]), 2e-6);
    EXPECT_LT(relative_difference(got.gradients[1], plain.gradients[1]), 2e-6);
  }
}

// Queries and keys of a head, as QK-norm meets them.
TEST(RmsNorm, OfBf16StaysWithinRounding) {
  at::manual_seed(4);
  for (const int64_t size : {40, 64}) {
    const std::vector<at::Tensor> inputs{at::randn({3, 5, 2, size}).to(at::kBFloat16), at::rand({size}) + 0.5};
    const auto got = differentiate([](const auto& in) { return rms_norm(in[0], in[1], 1e-5); }, inputs);
    const auto plain = differentiate(
        [](const auto& in) { return plain_rms_norm(in[0].to(at::kFloat), in[1], 1e-5).to(at::kBFloat16); }, inputs);
    EXPECT_EQ(got.value.scalar_type(), at::kBFloat16);
    EXPECT_LT(relative_difference(got.value, plain.value), 1e-2);
    EXPECT_LT(relative_difference(got.gradients[0], plain.gradients[0]), 1e-2);
    EXPECT_LT(relative_difference(got.gradients[1], plain.gradients[1]), 1e-2);
  }
}

TEST(RmsNorm, GivesFp16WhereAutocastAsksForIt) {
  const auto x = at::randn({9, 48}), weight = at::rand({48}) + 0.5;
  const AutocastGuard autocast(at::kCPU, at::kHalf);
  const auto got = rms_norm(x, weight, 1e-5);
  EXPECT_EQ(got.scalar_type(), at::kHalf);
  EXPECT_LT(relative_difference(got, plain_rms_norm(x, weight, 1e-5)), 1e-3);
}

TEST(RmsNorm, SurvivesARowOfZeros) {
  const std::vector<at::Tensor> inputs{at::zeros({2, 8}), at::ones({8})};
  const auto got = differentiate([](const auto& in) { return rms_norm(in[0], in[1], 1e-5); }, inputs);
  EXPECT_TRUE(at::equal(got.value, at::zeros({2, 8})));
  EXPECT_TRUE(got.gradients[0].isfinite().all().item<bool>());
}

}  // namespace
}  // namespace ktlm::ops
