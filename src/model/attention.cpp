#include "attention.h"

#include <tuple>

#include "ktlm/ops/attention.h"
#include "ktlm/ops/recomputed_linear.h"
#include "ktlm/ops/rms_norm.h"

namespace ktlm::model {

at::Tensor attention(const at::Tensor& x, const at::Tensor& norm, const AttentionWeights& weights,
                     const ModelConfig& config, int64_t layer, const TokenPlace& place) {
  const int64_t batch = x.size(0), num_tokens = x.size(1), head_dim = config.resolved_head_dim();
  const auto projected =
      ops::rms_norm_linear(x, norm, config.norm_eps, {weights.q_proj, weights.k_proj, weights.v_proj});
  const auto heads = [&](size_t i) { return projected[i].view({batch, num_tokens, -1, head_dim}); };
  auto q = heads(0), k = heads(1);  // (B, T, H, D) (B, T, K, D)
  if (weights.q_norm.defined()) {
    q = ops::rms_norm(q, weights.q_norm, config.norm_eps);
    k = ops::rms_norm(k, weights.k_norm, config.norm_eps);
  }
  q = ops::apply_rotary(q, place.rotary, place.first_position);  // (B, H, T, D)
  k = ops::apply_rotary(k, place.rotary, place.first_position);  // (B, K, T, D)
  auto v = heads(2).transpose(1, 2);                             // (B, K, T, D)
  if (place.cache != nullptr) std::tie(k, v) = place.cache->append(layer, k, v);
  // A text in the middle of a row keeps the row's positions: scores depend on the distance alone (ops/rotary.h).
  const auto mixed = place.text_starts.defined() ? ops::attention_within_texts(q, k, v, place.text_starts)
                                                 : ops::attention(q, k, v, place.mask);  // (B, T, H, D)
  return at::linear(mixed.reshape({batch, num_tokens, -1}), weights.o_proj);
}

}  // namespace ktlm::model
