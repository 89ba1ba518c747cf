#include "ktlm/ops/autocast.h"

#include <ATen/autocast_mode.h>

namespace ktlm::ops {

AutocastGuard::AutocastGuard(at::Device device, at::ScalarType dtype)
    : device_type_(device.type()),
      was_enabled_(at::autocast::is_autocast_enabled(device_type_)),
      had_cache_(at::autocast::is_autocast_cache_enabled()),
      previous_dtype_(at::autocast::get_autocast_dtype(device_type_)) {
  const bool on = dtype != at::kFloat;
  at::autocast::set_autocast_enabled(device_type_, on);
  if (on) at::autocast::set_autocast_dtype(device_type_, dtype);
  at::autocast::set_autocast_cache_enabled(false);
}

AutocastGuard::~AutocastGuard() {
  at::autocast::set_autocast_enabled(device_type_, was_enabled_);
  at::autocast::set_autocast_dtype(device_type_, previous_dtype_);
  at::autocast::set_autocast_cache_enabled(had_cache_);
}

at::ScalarType product_dtype(const at::Tensor& x) {
  const auto device_type = x.device().type();
  return at::autocast::is_autocast_enabled(device_type) ? at::autocast::get_autocast_dtype(device_type)
                                                        : x.scalar_type();
}

}  // namespace ktlm::ops
