#include "attention.h"

#include <tuple>

#include "ktlm/ops/attention.h"
#include "ktlm/ops/rms_norm.h"

namespace ktlm::model {

at::Tensor attention(const at::Tensor& x, const AttentionWeights& weights, const ModelConfig& config, int64_t layer,
                     const TokenPlace& place) {
  const int64_t batch = x.size(0), num_tokens = x.size(1), head_dim = config.resolved_head_dim();
  const auto heads = [&](const at::Tensor& projection) {
    return at::linear(x, projection).view({batch, num_tokens, -1, head_dim});
  };
  auto q = heads(weights.q_proj);  // (B, T, H, D)
  auto k = heads(weights.k_proj);  // (B, T, K, D)
  if (weights.q_norm.defined()) {
    q = ops::rms_norm(q, weights.q_norm, config.norm_eps);
    k = ops::rms_norm(k, weights.k_norm, config.norm_eps);
  }
  q = ops::apply_rotary(q, place.rotary, place.first_position);  // (B, H, T, D)
  k = ops::apply_rotary(k, place.rotary, place.first_position);  // (B, K, T, D)
  auto v = heads(weights.v_proj).transpose(1, 2);                // (B, K, T, D)
  if (place.cache != nullptr) std::tie(k, v) = place.cache->append(layer, k, v);
  // A text in the middle of a row keeps the row's positions: scores depend on the distance alone (ops/rotary.h).
  const auto mixed = place.text_starts.defined() ? ops::attention_within_texts(q, k, v, place.text_starts)
                                                 : ops::attention(q, k, v, place.mask);  // (B, T, H, D)
  return at::linear(mixed.reshape({batch, num_tokens, -1}), weights.o_proj);
}

}  // namespace ktlm::model
