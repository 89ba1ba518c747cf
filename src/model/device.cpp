#include "ktlm/model/device.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/detail/MPSHooksInterface.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "ktlm/core/error.h"
#include "ktlm/core/machine.h"

namespace ktlm::model {

at::Device select_device(const std::string& name) {
  const bool cuda = at::globalContext().hasCUDA(), mps = at::globalContext().hasMPS();
  if (name == "auto") return cuda ? at::kCUDA : mps ? at::kMPS : at::kCPU;
  if (name == "cpu") return at::kCPU;
  if ((name == "cuda" && cuda)) return at::kCUDA;
  if ((name == "mps" && mps)) return at::kMPS;
  const std::string here = std::string("cpu") + (cuda ? ", cuda" : "") + (mps ? ", mps" : "");
  if (name != "cuda" && name != "mps") {
    throw ConfigError("device \"" + name + "\" is unknown; choose auto, cpu, cuda or mps");
  }
  throw ConfigError("device \"" + name + "\" is not available here; this machine has " + here);
}

std::string device_name(at::Device device) { return c10::DeviceTypeName(device.type(), /*lower_case=*/true); }

at::ScalarType parse_dtype(const std::string& name) {
  if (name == "fp32") return at::kFloat;
  if (name == "bf16") return at::kBFloat16;
  if (name == "fp16") return at::kHalf;
  throw ConfigError("dtype \"" + name + "\" is unknown; choose fp32, bf16 or fp16");
}

std::string dtype_name(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return "fp32";
    case at::kBFloat16:
      return "bf16";
    case at::kHalf:
      return "fp16";
    default:
      return c10::toString(dtype);
  }
}

void set_up_compute(int64_t num_threads) {
  constexpr int64_t kMostThreads = 1024;  // OpenMP ends the program where the system starts no more
  if (num_threads > kMostThreads)
    throw ConfigError("threads is " + std::to_string(num_threads) + ", expected at most " +
                      std::to_string(kMostThreads) + "; choose fewer with --threads");
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);         // large buffers from the heap too, ...
  mallopt(M_TRIM_THRESHOLD, -1);  // ... which never shrinks
#endif
  if (num_threads == 0 && at::get_num_threads() > num_usable_cores()) num_threads = num_usable_cores();
  if (num_threads > 0) at::set_num_threads(static_cast<int>(num_threads));
}

int64_t padded_length(int64_t num_tokens, at::Device device) {
  constexpr int64_t kStepTokens = 64;
  return device.is_mps() ? (num_tokens + kStepTokens - 1) / kStepTokens * kStepTokens : num_tokens;
}

void synchronize(at::Device device) {
  if (device.is_mps()) at::detail::getMPSHooks().deviceSynchronize();
  if (device.is_cuda()) at::accelerator::synchronizeDevice(device.has_index() ? device.index() : c10::DeviceIndex{0});
}

void release_cached_memory(at::Device device) {
  if (device.is_mps()) {
    synchronize(device);  // buffers that the queue still uses can't be given back
    at::detail::getMPSHooks().emptyCache();
  }
  if (device.is_cuda()) at::accelerator::emptyCache();
}

}  // namespace ktlm::model
