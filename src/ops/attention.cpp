#include "ktlm/ops/attention.h"

#include <ATen/ops/scaled_dot_product_attention.h>

#include <limits>

namespace ktlm::ops {
namespace {

// The kernels of MPS have misread strided operands more than once (pytorch #118115, #162730, #162779); the CPU's and
// CUDA's take any stride, so that a cache's views need no copy there.
at::Tensor operand(const at::Tensor& x) { return x.is_mps() ? x.contiguous() : x; }

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values, const at::Tensor& mask) {
  const auto k = operand(keys), v = operand(values);
  const int64_t num_queries = q.size(2), group = q.size(1) / k.size(1);
  std::optional<at::Tensor> optional_mask;
  if (mask.defined()) optional_mask = mask;
  if (num_queries == 1) {
    // The heads of a group become the queries of their key head, which then reads its keys once instead of H/K times.
    const auto grouped = q.view({q.size(0), k.size(1), group, q.size(3)});
    const auto out = at::scaled_dot_product_attention(grouped, k, v, optional_mask);  // (B, K, H/K, D)
    return out.reshape({q.size(0), 1, q.size(1), q.size(3)});
  }
  TORCH_CHECK(mask.defined() || num_queries == k.size(2), "attention: queries behind a prefix need a mask");
  const auto out = at::scaled_dot_product_attention(q, k, v, optional_mask, /*dropout_p=*/0.0,
                                                    /*is_causal=*/!mask.defined(), /*scale=*/std::nullopt,
                                                    /*enable_gqa=*/group > 1);  // (B, H, T, D)
  return out.transpose(1, 2);
}

at::Tensor attention_mask(int64_t num_queries, int64_t length, const std::vector<int64_t>& padding, at::Device device,
                          at::ScalarType dtype) {
  if (padding.empty() && (num_queries == 1 || length == 0)) return {};
  const auto options = at::TensorOptions().dtype(at::kLong).device(device);
  const int64_t total = length + num_queries;
  const auto key = at::arange(total, options);
  const auto query = at::arange(length, total, options).unsqueeze(1);  // (T, 1)
  auto visible = (key <= query).unsqueeze(0);                          // (1, T, L)
  if (!padding.empty()) {
    const auto first = at::tensor(padding, at::kLong).to(device).view({-1, 1, 1});  // (B, 1, 1)
    visible = visible.logical_and((key >= first).logical_or(key == query));         // (B, T, L)
  }
  const auto mask = at::zeros(visible.sizes(), options.dtype(dtype));
  return mask.masked_fill(visible.logical_not(), -std::numeric_limits<double>::infinity()).unsqueeze(1);
}

}  // namespace ktlm::ops
