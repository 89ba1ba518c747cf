// One block of the transformer: attention, then feed-forward, each behind a norm and added to the residual stream.
#pragma once

#include <torch/types.h>

#include <vector>

#include "attention.h"
#include "feed_forward.h"

namespace ktlm::model {

struct BlockWeights {
  at::Tensor attention_norm;  // (C)
  AttentionWeights attention;
  at::Tensor feed_forward_norm;  // (C)
  FeedForwardWeights feed_forward;
};

/// All defined tensors of a block.
std::vector<at::Tensor> tensors_of(const BlockWeights& weights);

/// x (B, T, C) -> (B, T, C)
at::Tensor transformer_block(const at::Tensor& x, const BlockWeights& weights, const ModelConfig& config, int64_t layer,
                             const TokenPlace& place);

}  // namespace ktlm::model
