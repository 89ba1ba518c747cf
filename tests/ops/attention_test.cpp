#include "ktlm/ops/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/gradients.h"

namespace ktlm::ops {
namespace {

using test::differentiate;
using test::relative_difference;

struct Shape {
  int64_t batch, heads, kv_heads, queries, keys, head_dim;
};

std::vector<at::Tensor> random_inputs(const Shape& s) {
  return {at::randn({s.batch, s.heads, s.queries, s.head_dim}), at::randn({s.batch, s.kv_heads, s.keys, s.head_dim}),
          at::randn({s.batch, s.kv_heads, s.keys, s.head_dim})};
}

// Written out: every head gets its own copy of its group's keys, every score exists, the mask is spelled out.
at::Tensor plain_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           const std::vector<int64_t>& padding) {
  const int64_t group = q.size(1) / k.size(1), queries = q.size(2), keys = k.size(2);
  const auto expanded_k = k.repeat_interleave(group, 1), expanded_v = v.repeat_interleave(group, 1);
  auto hidden = at::zeros({q.size(0), 1, queries, keys}, at::kBool);
  for (int64_t b = 0; b < q.size(0); ++b) {
    for (int64_t i = 0; i < queries; ++i) {
      const int64_t position = keys - queries + i;
      for (int64_t j = 0; j < keys; ++j) {
        const bool padded = !padding.empty() && j < padding[static_cast<size_t>(b)] && j != position;
        hidden[b][0][i][j] = j > position || padded;
      }
    }
  }
  const auto scores = at::matmul(q, expanded_k.transpose(2, 3)) / std::sqrt(static_cast<double>(q.size(3)));
  const auto masked = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
  return at::matmul(at::softmax(masked, -1), expanded_v).transpose(1, 2);
}

void expect_equal(const Shape& shape, const std::vector<int64_t>& padding) {
  const auto inputs = random_inputs(shape);
  const auto first = padding.empty() ? at::Tensor() : at::tensor(padding, at::kLong);
  const auto mask = attention_mask(shape.queries, shape.keys - shape.queries, shape.keys, first, at::kCPU, at::kFloat);
  const auto got = differentiate([&](const auto& in) { return attention(in[0], in[1], in[2], mask); }, inputs);
  const auto plain =
      differentiate([&](const auto& in) { return plain_attention(in[0], in[1], in[2], padding); }, inputs);
  EXPECT_EQ(got.value.sizes(), at::IntArrayRef({shape.batch, shape.queries, shape.heads, shape.head_dim}));
  EXPECT_LT(relative_difference(got.value, plain.value), 1e-5);
  // By the largest of the three: through the softmax over a single key comes nothing back but rounding.
  double largest = 0;
  for (const auto& gradient : plain.gradients) largest = std::max(largest, gradient.abs().max().item<double>());
  for (size_t i = 0; i < 3; ++i)
    EXPECT_LT(test::largest_difference(got.gradients[i], plain.gradients[i]), 1e-5 * largest) << "gradient " << i;
}

TEST(Attention, CausalEqualsThePlainVersionWithItsGradients) {
  at::manual_seed(1);
  expect_equal({2, 6, 2, 37, 37, 8}, {});
  expect_equal({1, 3, 3, 16, 16, 4}, {});
  expect_equal({1, 4, 1, 130, 130, 16}, {});
}

TEST(Attention, OneQueryBehindManyKeysEqualsThePlainVersion) {
  at::manual_seed(2);
  expect_equal({1, 6, 2, 1, 29, 8}, {});
  expect_equal({3, 4, 4, 1, 1, 8}, {});
  expect_equal({3, 8, 2, 1, 33, 4}, {0, 5, 32});
}

TEST(Attention, ChunkBehindAPrefixEqualsThePlainVersion) {
  at::manual_seed(3);
  expect_equal({2, 6, 2, 5, 29, 8}, {});
  expect_equal({2, 4, 2, 7, 20, 8}, {3, 0});
}

TEST(Attention, LeftPaddedPromptsEqualThePlainVersion) {
  at::manual_seed(4);
  expect_equal({3, 4, 2, 12, 12, 8}, {0, 4, 11});
}

TEST(Attention, MaskExistsOnlyWhereItIsNeeded) {
  EXPECT_FALSE(attention_mask(1, 17, 18, {}, at::kCPU, at::kFloat).defined());
  EXPECT_FALSE(attention_mask(9, 0, 9, {}, at::kCPU, at::kFloat).defined());
  EXPECT_FALSE(attention_mask(9, 3, 12, {}, at::kCPU, at::kFloat).defined());
  EXPECT_TRUE(attention_mask(9, 3, 64, {}, at::kCPU, at::kFloat).defined());
  EXPECT_TRUE(attention_mask(1, 3, 4, at::tensor({0, 1}, at::kLong), at::kCPU, at::kFloat).defined());
}

TEST(Attention, KeysBehindTheLastQueryChangeNothing) {
  at::manual_seed(5);
  for (const int64_t num_queries : {1, 5}) {
    const auto inputs = random_inputs({2, 6, 2, num_queries, 20, 8});
    const auto plain = plain_attention(inputs[0], inputs[1], inputs[2], {});
    const auto keys = at::constant_pad_nd(inputs[1], {0, 0, 0, 44}, 3.0);
    const auto values = at::constant_pad_nd(inputs[2], {0, 0, 0, 44}, 5.0);
    const auto mask = attention_mask(num_queries, 20 - num_queries, 64, {}, at::kCPU, at::kFloat);
    EXPECT_LT(relative_difference(attention(inputs[0], keys, values, mask), plain), 1e-5);
  }
}

TEST(Attention, LongTextsInSeveralChunksEqualThePlainVersion) {
  at::manual_seed(6);
  expect_equal({1, 2, 1, 300, 300, 8}, {});  // the CPU's chunks are of 32 queries, the last of 12
  expect_equal({1, 4, 2, 70, 101, 8}, {});   // behind a prefix
}

// Where the text of each token begins, for texts of these lengths one behind the other.
at::Tensor starts_of(const std::vector<std::vector<int64_t>>& rows_of_lengths) {
  std::vector<at::Tensor> rows;
  for (const auto& lengths : rows_of_lengths) {
    std::vector<int64_t> starts;
    for (const int64_t length : lengths) starts.insert(starts.end(), static_cast<size_t>(length), starts.size());
    rows.push_back(at::tensor(starts, at::kLong));
  }
  return at::stack(rows);
}

TEST(Attention, TextsInOneRowEqualEachTextAloneWithItsGradients) {
  at::manual_seed(9);
  const std::vector<std::vector<int64_t>> lengths = {{5, 60, 1, 34}, {33, 31, 36}};  // chunks are of 32 queries
  const auto inputs = random_inputs({2, 6, 2, 100, 100, 8});
  const auto got = differentiate(
      [&](const auto& in) { return attention_within_texts(in[0], in[1], in[2], starts_of(lengths)); }, inputs);
  const auto alone = differentiate(
      [&](const auto& in) {
        std::vector<at::Tensor> rows;
        for (int64_t b = 0; b < 2; ++b) {
          std::vector<at::Tensor> texts;
          int64_t begin = 0;
          for (const int64_t length : lengths[static_cast<size_t>(b)]) {
            const auto text = [&](const at::Tensor& x) { return x.narrow(0, b, 1).narrow(2, begin, length); };
            texts.push_back(plain_attention(text(in[0]), text(in[1]), text(in[2]), {}));
            begin += length;
          }
          rows.push_back(at::cat(texts, 1));
        }
        return at::cat(rows);
      },
      inputs);
  EXPECT_LT(relative_difference(got.value, alone.value), 1e-5);
  for (size_t i = 0; i < 3; ++i) EXPECT_LT(relative_difference(got.gradients[i], alone.gradients[i]), 1e-5) << i;
}

TEST(Attention, OneTextInARowEqualsCausalAttentionToTheBit) {
  at::manual_seed(10);
  const auto inputs = random_inputs({2, 4, 2, 70, 70, 8});
  const auto plain = differentiate([](const auto& in) { return attention(in[0], in[1], in[2]); }, inputs);
  const auto within = differentiate(
      [](const auto& in) {
        return attention_within_texts(in[0], in[1], in[2], starts_of({{70}, {70}}));
      },
      inputs);
  EXPECT_TRUE(at::equal(within.value, plain.value));
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(at::equal(within.gradients[i], plain.gradients[i])) << i;
}

TEST(Attention, CachedKeysInALargerBufferEqualThePlainVersion) {
  at::manual_seed(7);
  const auto inputs = random_inputs({2, 6, 2, 40, 90, 8});
  const auto in_buffer = [](const at::Tensor& x) {
    auto buffer = at::full({2, 2, 128, 8}, std::numeric_limits<float>::quiet_NaN());
    buffer.narrow(2, 0, 90).copy_(x);
    return buffer.narrow(2, 0, 90);
  };
  EXPECT_LT(relative_difference(attention(inputs[0], in_buffer(inputs[1]), in_buffer(inputs[2])),
                                plain_attention(inputs[0], inputs[1], inputs[2], {})),
            1e-5);
}

// Scores of standard deviation 4, as attention that knows what it wants has: rounded to bf16 before the softmax they
// would cost five times as much.
TEST(Attention, SharpAttentionInBf16LosesNoMoreThanTheRoundingOfItsResult) {
  at::manual_seed(8);
  auto inputs = random_inputs({1, 4, 2, 200, 200, 64});
  inputs[0] *= 4;
  for (auto& input : inputs) input = input.to(at::kBFloat16);
  std::vector<at::Tensor> exact_inputs;
  for (const auto& input : inputs) exact_inputs.push_back(input.to(at::kDouble));
  const auto got = differentiate([&](const auto& in) { return attention(in[0], in[1], in[2]); }, inputs);
  const auto plain =
      differentiate([&](const auto& in) { return plain_attention(in[0], in[1], in[2], {}); }, exact_inputs);
  const auto error = [](const at::Tensor& x, const at::Tensor& exact) {
    return ((x.to(at::kDouble) - exact).norm() / exact.norm()).item<double>();
  };
  EXPECT_LT(error(got.value, plain.value), 0.004);
  for (size_t i = 0; i < 3; ++i) EXPECT_LT(error(got.gradients[i], plain.gradients[i]), 0.006) << i;
}

}  // namespace
}  // namespace ktlm::ops
