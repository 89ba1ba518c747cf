#include "feed_forward.h"

#include "ktlm/ops/recomputed_linear.h"

namespace ktlm::model {

at::Tensor feed_forward(const at::Tensor& x, const at::Tensor& norm, const FeedForwardWeights& weights, double eps) {
  const auto projected = ops::rms_norm_linear(x, norm, eps, {weights.gate_proj, weights.up_proj});  // (..., F) each
  return ops::swiglu_linear(projected[0], projected[1], weights.down_proj);
}

}  // namespace ktlm::model
