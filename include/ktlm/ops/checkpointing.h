// Gradient checkpointing (Chen et al. 2016): a part of the model keeps its input alone and computes its activations
// once more in the backward pass. Memory for time.
#pragma once

#include <torch/types.h>

#include <functional>

namespace ktlm::ops {

/// function(x), whose result depends on x and `parameters` alone and draws no random numbers. Gradients for x and the
/// parameters are those of the plain call, bit for bit; the recomputation runs under the autocast state of this call.
at::Tensor checkpoint(std::function<at::Tensor(const at::Tensor&)> function, const at::Tensor& x,
                      at::TensorList parameters);

}  // namespace ktlm::ops
