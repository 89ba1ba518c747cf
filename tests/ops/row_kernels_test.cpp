#include "row_kernels.h"

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <ATen/Parallel.h>

#include <limits>

#include "ktlm/ops/rms_norm.h"
#include "ktlm/ops/swiglu.h"
#include "ops/gradients.h"

namespace ktlm::ops {
namespace {

// All results of the kernels on one set of inputs.
std::vector<at::Tensor> results(at::ScalarType dtype) {
  at::manual_seed(1);
  const auto x = at::randn({70, 64}).to(dtype), weight = at::rand({64}), other = at::randn({70, 64}).to(dtype);
  const auto y = at::empty_like(x), dx = at::empty_like(x), scale = at::empty({70}), losses = at::empty({70});
  std::vector<at::Tensor> all;
  const auto keep = [&](const at::Tensor& result) { all.push_back(result.clone()); };
  rms_norm_rows(x, weight, 1e-5, y, scale);
  keep(y);
  keep(rms_norm_backward_rows(other, x, weight, scale, dx));
  keep(dx);
  swiglu_rows(x, other, y);
  keep(y);
  const auto dup = at::empty_like(x);
  swiglu_backward_rows(y, x, other, dx, dup);
  keep(y);
  keep(dx);
  keep(dup);
  const auto logits = x.mul(3);
  cross_entropy_rows(logits, at::randint(-1, 64, {70}, at::kLong), at::rand({70}), losses);
  keep(logits);
  keep(losses);
  const auto heads = x.view({7, 10, 2, 32}), turned = at::empty({7, 2, 10, 32}, x.options());
  rotate_rows(heads, turned, at::rand({10, 16}), at::rand({10, 16}));
  keep(turned);
  return all;
}

TEST(RowKernels, GiveTheSameOnEveryVectorUnit) {
  for (const auto& [dtype, tolerance] : {std::pair(at::kFloat, 2e-6), std::pair(at::kBFloat16, 8e-3)}) {
    const auto expected = results(dtype);
    int64_t targets = hwy::SupportedTargets();
    for (; targets != 0; targets &= targets - 1) {
      hwy::SetSupportedTargetsForTest(targets & -targets);
      hwy::GetChosenTarget().DeInit();  // chosen anew at the next call
      const auto got = results(dtype);
      for (size_t i = 0; i < got.size(); ++i) EXPECT_LT(test::relative_difference(got[i], expected[i]), tolerance) << i;
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
}

TEST(RowKernels, GiveTheSameBitsOnAnyNumberOfThreads) {
  at::manual_seed(2);
  const std::vector<at::Tensor> inputs{at::randn({3000, 576}), at::rand({576})};
  const auto gradients = [&] {
    return test::differentiate([](const auto& in) { return rms_norm(in[0], in[1], 1e-5); }, inputs).gradients;
  };
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto alone = gradients();
  at::set_num_threads(3);
  const auto side_by_side = gradients();
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(alone[0], side_by_side[0]));
  EXPECT_TRUE(at::equal(alone[1], side_by_side[1]));
}

TEST(RowKernels, WhatIsNotANumberStaysSo) {
  const auto x = at::full({1, 16}, std::numeric_limits<float>::quiet_NaN(), at::kBFloat16);
  const auto y = at::empty_like(x);
  swiglu_rows(x, x, y);
  EXPECT_TRUE(y.isnan().all().item<bool>());
}

}  // namespace
}  // namespace ktlm::ops
