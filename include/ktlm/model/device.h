// Which device and number type to compute with.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>

#include "ktlm/ops/autocast.h"

namespace ktlm::model {

/// "auto" takes CUDA, then MPS, then the CPU. Throws ConfigError where the named device is not there.
at::Device select_device(const std::string& name);
/// "cpu", "cuda", "mps", as select_device takes it.
std::string device_name(at::Device device);
/// "fp32", "bf16", "fp16". Throws ConfigError.
at::ScalarType parse_dtype(const std::string& name);
std::string dtype_name(at::ScalarType dtype);

/// Keeps freed memory in the process and fixes the number of threads (0: all cores); call once at the start.
/// Page faults on fresh buffers cost up to ten times an elementwise operation. Throws ConfigError above 1,024 threads.
void set_up_compute(int64_t num_threads);

/// The most values that a matrix product of MPS may sum over: beyond, M1 and M2 compute it wrongly (pytorch #195163).
inline constexpr int64_t kMpsMaxSummands = 32766;

/// MPS compiles a graph for each shape that it meets and keeps it (pytorch #132596, #164299), and has computed nonsense
/// for keys whose number is no multiple of 32 (#169222): lengths that vary are rounded up there to one of few.
/// Elsewhere `num_tokens` as it is.
int64_t padded_length(int64_t num_tokens, at::Device device);

/// Waits for the device's queue; nothing on the CPU.
void synchronize(at::Device device);
/// Gives cached, unused device memory back (MPS, CUDA); nothing on the CPU.
void release_cached_memory(at::Device device);

using ops::AutocastGuard;

}  // namespace ktlm::model
