// SwiGLU's gate (Shazeer 2020): silu(gate) * up. Keeps its two inputs for the backward pass and nothing else.
#pragma once

#include <torch/types.h>

namespace ktlm::ops {

/// gate and up, of one shape and dtype -> silu(gate) * up, differentiable in both.
at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up);

}  // namespace ktlm::ops
