// Grouped-query attention (Ainslie et al. 2023) over one batch of heads: softmax(q k^T / sqrt(D)) v, where query heads
// h*H/K .. (h+1)*H/K - 1 share key and value head h. Keys and values are never copied out to H heads.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace ktlm::ops {

/// q (B, H, T, D), contiguous, keys and values (B, K, L, D), H a multiple of K -> (B, T, H, D), differentiable. Without
/// a mask the queries stand at the last T of the L positions, and each sees the keys up to its own; for anything else
/// `mask`, made by attention_mask, tells.
at::Tensor attention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                     const at::Tensor& mask = {});

/// The same for rows that hold several texts, one behind the other, T == L: query i of row b sees the keys from
/// text_starts[b][i], where its own text begins, up to its own. `text_starts` is (B, T) int64 on q's device; it never
/// falls along a row, and text_starts[b][i] <= i.
at::Tensor attention_within_texts(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                                  const at::Tensor& text_starts);

/// What attention adds to its scores: 0 where query i of T may see key j of L, else -infinity, (B or 1, 1, T, L). Query
/// i stands at position first_position + i and sees the keys up to its own, but not the first padding[b] of row b (a
/// query inside the padding sees itself, so that its unused result is a number); keys behind the last query are seen by
/// none. `padding` is (B) int64 on `device`, or undefined. The mask is undefined where attention needs none.
at::Tensor attention_mask(int64_t num_queries, int64_t first_position, int64_t num_keys, const at::Tensor& padding,
                          at::Device device, at::ScalarType dtype);

}  // namespace ktlm::ops
