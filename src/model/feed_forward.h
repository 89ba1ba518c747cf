// The feed-forward layer of a block: RMSNorm, SwiGLU (Shazeer 2020): down(silu(gate(x)) * up(x)).
#pragma once

#include <torch/types.h>

namespace ktlm::model {

struct FeedForwardWeights {
  at::Tensor gate_proj, up_proj, down_proj;  // (F, C) (F, C) (C, F)
};

/// x (..., C), norm (C) -> (..., C)
at::Tensor feed_forward(const at::Tensor& x, const at::Tensor& norm, const FeedForwardWeights& weights, double eps);

}  // namespace ktlm::model
