// Root mean square normalisation (Zhang & Sennrich 2019): y = x / sqrt(mean(x^2) + eps) * weight over the last
// dimension. libtorch decomposes its backward into some fifteen operations and keeps their results; this one keeps x
// and a number per row.
#pragma once

#include <torch/types.h>

namespace ktlm::ops {

/// x (..., C), weight (C) -> (..., C), differentiable in both. Computed in fp32; the normalised value is rounded to x's
/// dtype before it meets the weight, as transformers does. Under autocast the result has autocast's dtype.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

}  // namespace ktlm::ops
