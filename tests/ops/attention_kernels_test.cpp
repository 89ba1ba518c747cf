#include "attention_kernels.h"

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <ATen/Parallel.h>

#include <cmath>
#include <limits>

#include "ktlm/ops/attention.h"
#include "ops/gradients.h"

namespace ktlm::ops {
namespace {

using test::differentiate;
using test::relative_difference;

struct Shape {
  int64_t batch, heads, kv_heads, queries, keys, head_dim;
};

std::vector<at::Tensor> random_inputs(const Shape& s, at::ScalarType dtype) {
  return {at::randn({s.batch, s.heads, s.queries, s.head_dim}).to(dtype),
          at::randn({s.batch, s.kv_heads, s.keys, s.head_dim}).to(dtype),
          at::randn({s.batch, s.kv_heads, s.keys, s.head_dim}).to(dtype)};
}

// Where a row's texts begin: of lengths 1, 2, 3 ..
at::Tensor growing_texts(int64_t batch, int64_t queries) {
  std::vector<int64_t> starts;
  for (int64_t length = 1; static_cast<int64_t>(starts.size()) < queries; ++length)
    starts.insert(starts.end(), static_cast<size_t>(length), static_cast<int64_t>(starts.size()));
  starts.resize(static_cast<size_t>(queries));
  return at::tensor(starts, at::kLong).expand({batch, queries}).contiguous();
}

// The formula in float64, every score written out.
at::Tensor plain_attention(const std::vector<at::Tensor>& in, const at::Tensor& text_starts) {
  const int64_t group = in[0].size(1) / in[1].size(1), queries = in[0].size(2), keys = in[1].size(2);
  const auto key = at::arange(keys).view({1, 1, 1, keys});
  const auto position = at::arange(keys - queries, keys).view({1, 1, queries, 1});
  auto hidden = key.gt(position);
  if (text_starts.defined()) hidden = hidden.logical_or(key.lt(text_starts.view({-1, 1, queries, 1})));
  const auto k = in[1].repeat_interleave(group, 1), v = in[2].repeat_interleave(group, 1);
  const auto scores = at::matmul(in[0], k.transpose(2, 3)) / std::sqrt(static_cast<double>(in[0].size(3)));
  const auto masked = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
  return at::matmul(at::softmax(masked, -1), v).transpose(1, 2);
}

at::Tensor fused_attention(const std::vector<at::Tensor>& in, const at::Tensor& text_starts) {
  return text_starts.defined() ? attention_within_texts(in[0], in[1], in[2], text_starts)
                               : attention(in[0], in[1], in[2]);
}

void expect_plain(const Shape& shape, at::ScalarType dtype, const at::Tensor& text_starts = {}) {
  const auto inputs = random_inputs(shape, dtype);
  ASSERT_TRUE(has_attention_kernels(inputs[0], inputs[1], inputs[2]));
  std::vector<at::Tensor> exact;
  for (const auto& input : inputs) exact.push_back(input.to(at::kDouble));
  const auto got = differentiate([&](const auto& in) { return fused_attention(in, text_starts); }, inputs);
  const auto plain = differentiate([&](const auto& in) { return plain_attention(in, text_starts); }, exact);
  const double tolerance = dtype == at::kFloat ? 1e-5 : 0.015;  // bf16 keeps 8 bits
  EXPECT_EQ(got.value.scalar_type(), dtype);
  EXPECT_LT(relative_difference(got.value, plain.value), tolerance);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_LT(relative_difference(got.gradients[i], plain.gradients[i]), tolerance) << "gradient " << i;
}

TEST(AttentionKernels, EqualThePlainVersionWithItsGradients) {
  at::manual_seed(1);
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    expect_plain({2, 6, 2, 37, 37, 32}, dtype);
    expect_plain({1, 3, 3, 64, 64, 16}, dtype);    // one full block
    expect_plain({1, 4, 1, 131, 131, 48}, dtype);  // three, of an odd number of vectors
    expect_plain({1, 2, 1, 200, 200, 128}, dtype);
    expect_plain({3, 2, 2, 2, 2, 64}, dtype);
  }
}

TEST(AttentionKernels, QueriesBehindAPrefixEqualThePlainVersion) {
  at::manual_seed(2);
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    expect_plain({1, 4, 2, 70, 101, 32}, dtype);
    expect_plain({2, 2, 1, 3, 66, 16}, dtype);
  }
}

TEST(AttentionKernels, TextsInOneRowEqualThePlainVersion) {
  at::manual_seed(3);
  for (const auto dtype : {at::kFloat, at::kBFloat16})
    expect_plain({2, 6, 2, 151, 151, 32}, dtype, growing_texts(2, 151));
}

// As a projection lays them out, (B, T, H, D), and as slices at odd places.
TEST(AttentionKernels, TakeStridedInputs) {
  at::manual_seed(4);
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const auto inputs = random_inputs({2, 4, 2, 40, 40, 32}, dtype);
    const auto by_token = [](const at::Tensor& x) { return x.transpose(1, 2).contiguous().transpose(1, 2); };
    const auto odd = [](const at::Tensor& x) { return at::constant_pad_nd(x, {1, 2}).narrow(3, 1, x.size(3)); };
    const AttentionInputs plain{inputs[0], inputs[1], inputs[2], {}};
    const AttentionInputs strided{inputs[0], odd(inputs[1]), by_token(inputs[2]), {}};
    const auto expected = attention_forward(plain), got = attention_forward(strided);
    EXPECT_TRUE(at::equal(got.out, expected.out));
    const auto dout = at::randn_like(expected.out);
    const auto expected_gradients = attention_backward(plain, expected, dout);
    const auto gradients = attention_backward(strided, got, odd(dout));
    EXPECT_TRUE(at::equal(gradients.dq, expected_gradients.dq));
    EXPECT_TRUE(at::equal(gradients.dk, expected_gradients.dk));
    EXPECT_TRUE(at::equal(gradients.dv, expected_gradients.dv));
  }
}

std::vector<at::Tensor> results(at::ScalarType dtype) {
  at::manual_seed(5);
  const auto inputs = random_inputs({2, 4, 2, 90, 90, 48}, dtype);
  auto [value, gradients] = differentiate([](const auto& in) { return fused_attention(in, {}); }, inputs);
  gradients.push_back(value);
  return gradients;
}

TEST(AttentionKernels, GiveTheSameOnEveryVectorUnit) {
  for (const auto& [dtype, tolerance] : {std::pair(at::kFloat, 2e-6), std::pair(at::kBFloat16, 8e-3)}) {
    const auto expected = results(dtype);
    for (int64_t targets = hwy::SupportedTargets(); targets != 0; targets &= targets - 1) {
      hwy::SetSupportedTargetsForTest(targets & -targets);
      hwy::GetChosenTarget().DeInit();  // chosen anew at the next call
      const auto got = results(dtype);
      for (size_t i = 0; i < got.size(); ++i) EXPECT_LT(relative_difference(got[i], expected[i]), tolerance) << i;
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
}

TEST(AttentionKernels, GiveTheSameBitsOnAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto alone = results(at::kBFloat16);
  at::set_num_threads(3);
  const auto side_by_side = results(at::kBFloat16);
  at::set_num_threads(threads);
  for (size_t i = 0; i < alone.size(); ++i) EXPECT_TRUE(at::equal(alone[i], side_by_side[i])) << i;
}

TEST(AttentionKernels, WhatIsNotANumberReachesTheQueriesThatSeeIt) {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    for (size_t which = 0; which < 3; ++which) {
      const auto inputs = random_inputs({1, 1, 1, 70, 70, 16}, dtype);
      inputs[which].select(2, 20).fill_(std::numeric_limits<double>::quiet_NaN());
      const auto out = attention_forward({inputs[0], inputs[1], inputs[2], {}}).out;
      EXPECT_TRUE(out.narrow(1, 20, which == 0 ? 1 : 50).isnan().all().item<bool>()) << which;
    }
  }
}

}  // namespace
}  // namespace ktlm::ops
