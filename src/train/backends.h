// torch.distributed's (c10d's) means to move tensors between processes: Gloo over TCP for what the CPU holds, NCCL for
// CUDA.
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>

#include "ktlm/train/launch.h"

namespace ktlm::train {

/// Connects all processes, each with each; `store` must be another one (a prefix) for each group. `timeout` is that of
/// connecting and, until setTimeout, of the collectives. Throws what c10d throws.
c10::intrusive_ptr<c10d::Backend> make_gloo_backend(const c10::intrusive_ptr<c10d::Store>& store, const Launch& launch,
                                                    std::chrono::milliseconds timeout);

/// Throws Error where this ktlm was built without NCCL.
c10::intrusive_ptr<c10d::Backend> make_nccl_backend(const c10::intrusive_ptr<c10d::Store>& store, const Launch& launch,
                                                    std::chrono::milliseconds timeout);

}  // namespace ktlm::train
