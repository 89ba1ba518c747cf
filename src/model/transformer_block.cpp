#include "transformer_block.h"

#include "ktlm/ops/rms_norm.h"

namespace ktlm::model {

std::vector<at::Tensor> tensors_of(const BlockWeights& weights) {
  const auto& attention = weights.attention;
  const auto& feed_forward = weights.feed_forward;
  std::vector<at::Tensor> tensors;
  for (const auto& tensor : {weights.attention_norm, attention.q_proj, attention.k_proj, attention.v_proj,
                             attention.q_norm, attention.k_norm, attention.o_proj, weights.feed_forward_norm,
                             feed_forward.gate_proj, feed_forward.up_proj, feed_forward.down_proj}) {
    if (tensor.defined()) tensors.push_back(tensor);
  }
  return tensors;
}

at::Tensor transformer_block(const at::Tensor& x, const BlockWeights& weights, const ModelConfig& config, int64_t layer,
                             const TokenPlace& place) {
  const auto after_attention =
      x + attention(ops::rms_norm(x, weights.attention_norm, config.norm_eps), weights.attention, config, layer, place);
  return after_attention +
         feed_forward(ops::rms_norm(after_attention, weights.feed_forward_norm, config.norm_eps), weights.feed_forward);
}

}  // namespace ktlm::model
