// Which device and number type to compute with.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>

#include "ktlm/ops/autocast.h"

namespace ktlm::model {

/// "auto" takes CUDA, then MPS, then the CPU. Throws ConfigError where the named device is not there.
at::Device select_device(const std::string& name);
/// "fp32", "bf16", "fp16". Throws ConfigError.
at::ScalarType parse_dtype(const std::string& name);
std::string dtype_name(at::ScalarType dtype);

/// Keeps freed memory in the process and fixes the number of threads (0: all cores); call once at the start.
/// Page faults on freshly mapped buffers cost up to ten times an elementwise operation on Linux.
void set_up_compute(int64_t num_threads);

/// Waits for the device's queue; nothing on the CPU.
void synchronize(at::Device device);
/// Gives cached, unused device memory back (MPS, CUDA); nothing on the CPU.
void release_cached_memory(at::Device device);

using ops::AutocastGuard;

}  // namespace ktlm::model
