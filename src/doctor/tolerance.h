// How far a right result may lie from the reference, in one place.
//
// The inputs are rounded to the dtype before both sides see them, so a deviation is the arithmetic's own: each
// operation rounds its result to half an epsilon, and what stands between two products (probabilities, gates, scores'
// gradients) is rounded on its way as well. Sums of n products run in fp32 in every dtype and err by about sqrt(n) of
// fp32's epsilon. A deviation is measured against |expected| plus the root mean square of all that is expected, since a
// small sum of large terms keeps their error.
#pragma once

#include <torch/types.h>

namespace ktlm::doctor {

/// The distance between 1 and the next number.
inline double epsilon(at::ScalarType dtype) {
  if (dtype == at::kHalf) return 0x1p-10;
  if (dtype == at::kBFloat16) return 0x1p-7;
  return 0x1p-23;
}

/// Of one operation. fp32's is wide, for GPUs take faster exponentials and other orders of summation; bf16 and fp16
/// allow a handful of roundings. Right kernels were seen at a quarter of these or less.
inline double operation_tolerance(at::ScalarType dtype) {
  return dtype == at::kFloat ? 256 * epsilon(dtype) : 4 * epsilon(dtype);
}

/// Of a chain of products whose results are rounded in between: attention, the gradients of a loss, a model of two
/// layers, several updates of a weight.
inline double chain_tolerance(at::ScalarType dtype) { return 4 * operation_tolerance(dtype); }

/// Of a loss in nats, whose logits alone are rounded to the dtype: the roundings of many words average out.
inline double loss_tolerance(at::ScalarType dtype) {
  return dtype == at::kFloat ? operation_tolerance(dtype) : epsilon(dtype) / 2;
}

}  // namespace ktlm::doctor
