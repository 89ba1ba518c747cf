#include "ktlm/ops/rotary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/gradients.h"

namespace ktlm::ops {
namespace {

using test::differentiate;
using test::largest_difference;

// transformers' apply_rotary_pos_emb, (B, H, T, D).
at::Tensor plain_rotary(const at::Tensor& x, const RotaryTable& table, int64_t first) {
  const int64_t half = x.size(3) / 2;
  const auto angles = [&](const at::Tensor& values) {
    const auto part = values.slice(0, first, first + x.size(1));
    return at::cat({part, part}, -1);
  };
  const auto heads = x.transpose(1, 2);
  const auto turned = at::cat({-heads.slice(3, half), heads.slice(3, 0, half)}, -1);
  return heads * angles(table.cos) + turned * angles(table.sin);
}

TEST(Rotary, EqualsThePlainVersionWithItsGradient) {
  at::manual_seed(1);
  for (const int64_t head_dim : {8, 64}) {
    const auto table = make_rotary_table(40, head_dim, 10000.0, at::kCPU);
    for (const int64_t first : {0, 5, 30}) {
      const std::vector<at::Tensor> inputs{at::randn({2, 10, 3, head_dim})};
      const auto got = differentiate([&](const auto& in) { return apply_rotary(in[0], table, first); }, inputs);
      const auto plain = differentiate([&](const auto& in) { return plain_rotary(in[0], table, first); }, inputs);
      EXPECT_LT(largest_difference(got.value, plain.value), 1e-6);
      EXPECT_LT(largest_difference(got.gradients[0], plain.gradients[0]), 1e-6);
      EXPECT_TRUE(got.value.is_contiguous());
    }
  }
}

TEST(Rotary, AngleIsPositionTimesPowerOfTheta) {
  const auto table = make_rotary_table(100, 6, 500000.0, at::kCPU);
  for (const int64_t position : {0, 1, 99}) {
    for (const int64_t pair : {0, 1, 2}) {
      const double angle = static_cast<double>(position) / std::pow(500000.0, 2.0 * static_cast<double>(pair) / 6.0);
      EXPECT_NEAR(table.cos[position][pair].item<double>(), std::cos(angle), 1e-5);
      EXPECT_NEAR(table.sin[position][pair].item<double>(), std::sin(angle), 1e-5);
    }
  }
}

TEST(Rotary, ProductsDependOnDistanceAlone) {
  at::manual_seed(2);
  const auto table = make_rotary_table(64, 16, 10000.0, at::kCPU);
  const auto q = at::randn({1, 1, 1, 16}), k = at::randn({1, 1, 1, 16});
  const auto product = [&](int64_t q_position, int64_t k_position) {
    return (apply_rotary(q, table, q_position) * apply_rotary(k, table, k_position)).sum().item<double>();
  };
  EXPECT_NEAR(product(7, 3), product(54, 50), 1e-4);
  EXPECT_GT(std::abs(product(7, 3) - product(7, 4)), 1e-3);
}

TEST(Rotary, ReducedPrecisionIsRoundedOnce) {
  at::manual_seed(3);
  for (const int64_t head_dim : {8, 32}) {
    const auto table = make_rotary_table(20, head_dim, 10000.0, at::kCPU);
    for (const auto dtype : {at::kBFloat16, at::kHalf}) {
      const std::vector<at::Tensor> inputs{at::randn({2, 20, 3, head_dim}).to(dtype)};
      const auto got = differentiate([&](const auto& in) { return apply_rotary(in[0], table, 0); }, inputs);
      const auto exact = plain_rotary(inputs[0].to(at::kFloat), table, 0).to(dtype);
      EXPECT_EQ(got.value.scalar_type(), dtype);
      EXPECT_LT(test::relative_difference(got.value, exact), 4e-3);
      EXPECT_EQ(got.gradients[0].scalar_type(), dtype);
    }
  }
}

}  // namespace
}  // namespace ktlm::ops
