// Where the processes of a run meet before they are connected: c10d's store at the master's address, which torchrun
// keeps, or rank 0.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <functional>
#include <string>

#include "ktlm/core/stop_flag.h"
#include "ktlm/train/launch.h"

namespace ktlm::train {

/// Waits until all are there; rank 0 tells `note`, which may be empty, once whom it waits for when `told_after` has
/// passed. Throws Error where the port is taken, some do not come within five minutes, or `stop` is requested.
c10::intrusive_ptr<c10d::Store> meet(const Launch& launch, const std::function<void(const std::string&)>& note,
                                     const StopFlag& stop,
                                     std::chrono::milliseconds told_after = std::chrono::seconds(10));

}  // namespace ktlm::train
