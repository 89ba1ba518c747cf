// NCCL comes with libtorch's packages for CUDA; its header must be found as well (package nvidia-nccl, or the
// system's).
#include "backends.h"

#if defined(USE_C10D_NCCL) && __has_include(<nccl.h>)
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#else
#include "ktlm/core/error.h"
#endif

namespace ktlm::train {

#if defined(USE_C10D_NCCL) && __has_include(<nccl.h>)

c10::intrusive_ptr<c10d::Backend> make_nccl_backend(const c10::intrusive_ptr<c10d::Store>& store, const Launch& launch,
                                                    std::chrono::milliseconds timeout) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, static_cast<int>(launch.rank),
                                                     static_cast<int>(launch.world_size), std::move(options));
}

#else

c10::intrusive_ptr<c10d::Backend> make_nccl_backend(const c10::intrusive_ptr<c10d::Store>&, const Launch&,
                                                    std::chrono::milliseconds) {
  throw Error(
      "several processes on CUDA need NCCL, which this ktlm was built without: build it with libtorch for CUDA and "
      "nccl.h at hand, or give --device cpu");
}

#endif

}  // namespace ktlm::train
