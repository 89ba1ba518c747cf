#include "ktlm/ops/autocast.h"

#include <gtest/gtest.h>

namespace ktlm::ops {
namespace {

TEST(AutocastGuard, HoldsForItsScopeAndNests) {
  const auto x = at::ones({2, 2});
  EXPECT_EQ(product_dtype(x), at::kFloat);
  {
    const AutocastGuard outer(at::kCPU, at::kBFloat16);
    EXPECT_EQ(product_dtype(x), at::kBFloat16);
    EXPECT_EQ(at::mm(x, x).scalar_type(), at::kBFloat16);
    {
      const AutocastGuard inner(at::kCPU, at::kFloat);
      EXPECT_EQ(product_dtype(x), at::kFloat);
      EXPECT_EQ(at::mm(x, x).scalar_type(), at::kFloat);
    }
    EXPECT_EQ(at::mm(x, x).scalar_type(), at::kBFloat16);
  }
  EXPECT_EQ(at::mm(x, x).scalar_type(), at::kFloat);
}

TEST(AutocastGuard, WeightsUsedWithoutGradientStillLearnAfterwards) {
  const auto weight = at::ones({2, 2}).requires_grad_(true);
  const AutocastGuard autocast(at::kCPU, at::kBFloat16);
  {
    const at::NoGradGuard no_grad;
    at::linear(at::ones({1, 2}), weight);
  }
  at::linear(at::ones({1, 2}), weight).sum().backward();
  EXPECT_TRUE(weight.grad().defined());
}

}  // namespace
}  // namespace ktlm::ops
