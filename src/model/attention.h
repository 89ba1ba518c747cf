// The attention layer of a block: RMSNorm, projections to heads, optional QK-norm (Henry et al. 2020; Qwen3), rotary
// positions, the cache, grouped-query attention, projection back.
#pragma once

#include <torch/types.h>

#include "ktlm/model/kv_cache.h"
#include "ktlm/model/model_config.h"
#include "ktlm/ops/rotary.h"

namespace ktlm::model {

struct AttentionWeights {
  at::Tensor q_proj, k_proj, v_proj, o_proj;  // (H*D, C) (K*D, C) (K*D, C) (C, H*D)
  at::Tensor q_norm, k_norm;                  // (D), undefined without QK-norm
};

/// Where the tokens of one forward pass stand; the same for all layers.
struct TokenPlace {
  ops::RotaryTable rotary;
  int64_t first_position = 0;
  at::Tensor mask;           // of ops::attention; undefined where it needs none
  KvCache* cache = nullptr;  // null: the tokens see each other alone
  at::Tensor text_starts;    // of ops::attention_within_texts; undefined: a row is one text
};

/// x (B, T, C), norm (C) -> (B, T, C)
at::Tensor attention(const at::Tensor& x, const at::Tensor& norm, const AttentionWeights& weights,
                     const ModelConfig& config, int64_t layer, const TokenPlace& place);

}  // namespace ktlm::model
