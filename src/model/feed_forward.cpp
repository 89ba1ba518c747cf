#include "feed_forward.h"

#include "ktlm/ops/swiglu.h"

namespace ktlm::model {

at::Tensor feed_forward(const at::Tensor& x, const FeedForwardWeights& weights) {
  const auto gated = ops::swiglu(at::linear(x, weights.gate_proj), at::linear(x, weights.up_proj));  // (..., F)
  return at::linear(gated, weights.down_proj);
}

}  // namespace ktlm::model
