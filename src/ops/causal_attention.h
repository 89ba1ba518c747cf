// Causal attention without the scores of a whole text, (T, T) per head, at once: the backward pass computes them anew
// from q, k and v (as in FlashAttention, Dao et al. 2022). On the CPU it has kernels of its own (attention_kernels.h).
// Elsewhere, and for heads that these do not take, it goes a few queries at a time, made of matrix products and
// softmaxes alone, so that it runs where libtorch has no such kernel for training (MPS: O(T²) memory).
#pragma once

#include <torch/types.h>

namespace ktlm::ops {

/// q (B, H, T, D), contiguous, keys and values (B, K, L, D), L >= T -> (B, T, H, D), contiguous; differentiable. Query
/// i stands at position L - T + i and sees the keys up to its own. Scores and softmax are in fp32, the operands of the
/// other products in q's dtype. With `text_starts`, (B, T) int64 as attention_within_texts has it, query i sees no key
/// before text_starts[b][i].
at::Tensor causal_attention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                            const at::Tensor& text_starts = {});

}  // namespace ktlm::ops
