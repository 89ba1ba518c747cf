// The output layer and the cross-entropy behind it in one step, a few rows at a time: the logits of a batch (2,048
// tokens of a 32,000-word vocabulary: 262 MB in fp32) never exist at once. The gradients are computed in the forward
// pass, while a chunk's logits are there, and only scaled in the backward pass (as in Liger-Kernel, Hsu et al. 2024).
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace ktlm::ops {

/// The most logits that exist at once, unless one row alone has more: 64 MB in fp32.
inline constexpr int64_t kMaxLogitsInFlight = int64_t{1} << 24;

/// On the CPU a vocabulary of a multiple of this many pieces is turned from logits into their gradient in place.
inline constexpr int64_t kRowKernelMultiple = 16;

/// hidden (N, C), weight (V, C), targets (N) int64 -> mean cross-entropy in nats over the targets that are not
/// negative, a scalar in fp32, differentiable in hidden and weight; 0 where all are negative. Products run in
/// product_dtype(hidden), softmax and sums in fp32. `chunk_rows` 0 takes as many as kMaxLogitsInFlight allows.
at::Tensor linear_cross_entropy(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
                                int64_t chunk_rows = 0);

/// The loss of each row, (N) fp32, 0 where its target is negative; without gradient.
at::Tensor linear_cross_entropy_per_row(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
                                        int64_t chunk_rows = 0);

}  // namespace ktlm::ops
