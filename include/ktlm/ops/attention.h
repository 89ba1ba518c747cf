// Grouped-query attention (Ainslie et al. 2023) over one batch of heads: softmax(q k^T / sqrt(D)) v, where query heads
// h*H/K .. (h+1)*H/K - 1 share key and value head h. Keys and values are never copied out to H heads on the CPU.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace ktlm::ops {

/// q (B, H, T, D), keys and values (B, K, L, D), H a multiple of K -> (B, T, H, D), differentiable. The queries stand
/// at the last T of the L positions. Without a mask each sees the keys up to its own, which takes T == L or T == 1; for
/// anything else `mask`, made by attention_mask, tells.
at::Tensor attention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                     const at::Tensor& mask = {});

/// What attention adds to its scores: 0 where query i of T may see key j of length + T, else -infinity, (B or 1, 1, T,
/// length + T). A query sees the keys up to its own position length + i, but not the first padding[b] of row b (a query
/// inside the padding sees itself, so that its unused result is a number). Undefined where attention needs no mask.
at::Tensor attention_mask(int64_t num_queries, int64_t length, const std::vector<int64_t>& padding, at::Device device,
                          at::ScalarType dtype);

}  // namespace ktlm::ops
