// Autocast: weights and the residual stream stay fp32, matrix products and what stands between them run in bf16.
//
// libtorch's cache of cast weights stays off. A forward pass uses each weight once, so it would win nothing, and a copy
// cached under no_grad (validation, checkpointing) would cut the weight off from its gradient.
#pragma once

#include <torch/types.h>

namespace ktlm::ops {

/// Runs its scope under autocast to `dtype`; fp32 runs it without, whatever the scope around it does.
class AutocastGuard {
 public:
  AutocastGuard(at::Device device, at::ScalarType dtype);
  ~AutocastGuard();
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  at::DeviceType device_type_;
  bool was_enabled_, had_cache_;
  at::ScalarType previous_dtype_;
};

/// The type in which a matrix product with `x` would run now: autocast's where that is on, else x's own.
at::ScalarType product_dtype(const at::Tensor& x);

}  // namespace ktlm::ops
