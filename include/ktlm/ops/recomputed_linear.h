// Linear layers behind a cheap function of their input: the backward pass computes that function again instead of
// keeping its result for each layer of the model. On the CPU; elsewhere they are their parts, one after the other.
#pragma once

#include <torch/types.h>

#include <vector>

namespace ktlm::ops {

/// linear(rms_norm(x, norm, eps), weight) for each of the weights, (C_i, C): x (..., C) -> (..., C_i) each. Under
/// autocast the products are in its dtype.
std::vector<at::Tensor> rms_norm_linear(const at::Tensor& x, const at::Tensor& norm, double eps,
                                        at::TensorList weights);

/// linear(swiglu(gate, up), weight): gate and up (..., F), weight (C, F) -> (..., C).
at::Tensor swiglu_linear(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& weight);

}  // namespace ktlm::ops
