#include "transformer_block.h"

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
  const auto after_attention = x + attention(x, weights.attention_norm, weights.attention, config, layer, place);
  return after_attention +
         feed_forward(after_attention, weights.feed_forward_norm, weights.feed_forward, config.norm_eps);
}

}  // namespace ktlm::model
