#include "ktlm/ops/attention.h"

#include <ATen/ops/scaled_dot_product_attention.h>

#include <limits>
#include <optional>

#include "causal_attention.h"

namespace ktlm::ops {
namespace {

// The kernels of MPS have misread strided operands more than once (pytorch #118115, #162730, #162779); the CPU's and
// CUDA's take any stride, so that a cache's views need no copy there.
at::Tensor operand(const at::Tensor& x) { return x.is_mps() ? x.contiguous() : x; }

// MPS forms the scores of all rows, and aborts the process where they take 2^32 bytes (pytorch #149261).
constexpr int64_t kMaxScores = int64_t{1} << 26;

at::Tensor attend_with_mask(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                            const at::Tensor& mask);

// By rows, or by the queries of a single row.
at::Tensor attend_in_halves(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& mask) {
  const bool by_rows = q.size(0) > 1;
  const int64_t length = q.size(by_rows ? 0 : 2), middle = length / 2;
  const auto half = [&](int64_t begin, int64_t size) {
    const auto rows = [&](const at::Tensor& x) { return x.size(0) > 1 ? x.narrow(0, begin, size) : x; };
    if (by_rows) return attend_with_mask(rows(q), rows(k), rows(v), mask.defined() ? rows(mask) : mask);
    return attend_with_mask(q.narrow(2, begin, size).contiguous(), k, v, mask.narrow(2, begin, size).contiguous());
  };
  return at::cat({half(0, middle), half(middle, length - middle)}, by_rows ? 0 : 1);  // (B, T, H, D)
}

at::Tensor attend_with_mask(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                            const at::Tensor& mask) {
  const auto k = operand(keys), v = operand(values);
  const int64_t group = q.size(1) / k.size(1);
  const auto optional_mask = mask.defined() ? std::optional(mask) : std::nullopt;
  const int64_t scores = q.size(0) * q.size(1) * q.size(2) * k.size(2);
  if (q.is_mps() && scores > kMaxScores && q.size(0) * q.size(2) > 1) return attend_in_halves(q, k, v, mask);
  if (q.size(2) == 1) {
    // The heads of a group become the queries of their key head, which then reads its keys once instead of H/K times.
    const auto grouped = q.view({q.size(0), k.size(1), group, q.size(3)});
    const auto out = at::scaled_dot_product_attention(grouped, k, v, optional_mask);  // (B, K, H/K, D)
    return out.reshape({q.size(0), 1, q.size(1), q.size(3)});
  }
  const auto out = at::scaled_dot_product_attention(q, k, v, optional_mask, /*dropout_p=*/0.0,
                                                    /*is_causal=*/!mask.defined(), /*scale=*/std::nullopt,
                                                    /*enable_gqa=*/group > 1);  // (B, H, T, D)
  return out.transpose(1, 2);
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values, const at::Tensor& mask) {
  const int64_t num_queries = q.size(2);
  // CUDA has a fused kernel for texts that begin here, forward and backward.
  const bool fused_causal = q.is_cuda() && num_queries == keys.size(2);
  if (mask.defined() || num_queries == 1 || fused_causal) return attend_with_mask(q, keys, values, mask);
  return causal_attention(q, keys, values);
}

at::Tensor attention_within_texts(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                                  const at::Tensor& text_starts) {
  return causal_attention(q, keys, values, text_starts);
}

at::Tensor attention_mask(int64_t num_queries, int64_t first_position, int64_t num_keys, const at::Tensor& padding,
                          at::Device device, at::ScalarType dtype) {
  if (!padding.defined() && num_keys == first_position + num_queries) return {};
  const auto options = at::TensorOptions().dtype(at::kLong).device(device);
  const auto key = at::arange(num_keys, options);
  const auto query = at::arange(first_position, first_position + num_queries, options).unsqueeze(1);  // (T, 1)
  auto visible = key.le(query).unsqueeze(0);                                                          // (1, T, L)
  if (padding.defined()) {
    const auto first = padding.view({-1, 1, 1});                             // (B, 1, 1)
    visible = visible.logical_and(key.ge(first).logical_or(key.eq(query)));  // (B, T, L)
  }
  const auto mask = at::zeros(visible.sizes(), options.dtype(dtype));
  return mask.masked_fill(visible.logical_not(), -std::numeric_limits<double>::infinity()).unsqueeze(1);
}

}  // namespace ktlm::ops
