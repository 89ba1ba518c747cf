// Causal attention on the CPU in one pass over blocks of keys and queries, forward and backward: scores, probabilities
// and their gradients stay in the cache, in fp32 where they are exponents and sums, and are rounded to the inputs'
// dtype only as operands of the next product (as in FlashAttention 2, Dao 2023). Everything is held with the queries
// side by side in a vector, so that maxima and sums over the keys need no step across its lanes.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace ktlm::ops {

/// What causal_attention takes: q (B, H, T, D), keys and values (B, K, L, D), text_starts (B, T) int64 or undefined.
struct AttentionInputs {
  at::Tensor q, keys, values, text_starts;

  float scale() const;                           // of the scores
  const int64_t* starts_of(int64_t head) const;  // (T) for a head of all B * H, or null
  int64_t kv_head_of(int64_t head) const;        // of all B * K
};

struct AttentionResult {
  at::Tensor out;       // (B, T, H, D), contiguous
  at::Tensor log_sums;  // (B, H, T) fp32: the logarithm of the sum of the exponentials of a query's scores
};

struct AttentionGradients {
  at::Tensor dq, dk, dv;  // contiguous, but dv, whose heads are those of contiguous (B, L, K, D)
};

/// Whether the kernels take them: fp32 or bf16 of one dtype on the CPU, heads of a multiple of 16 channels.
bool has_attention_kernels(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values);

AttentionResult attention_forward(const AttentionInputs& inputs);
AttentionGradients attention_backward(const AttentionInputs& inputs, const AttentionResult& result,
                                      const at::Tensor& dout);

}  // namespace ktlm::ops
