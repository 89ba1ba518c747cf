// Where the processes of a run meet before they are connected: c10d's store at the master's address, which torchrun
// keeps, or rank 0.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include "ktlm/core/stop_flag.h"
#include "ktlm/train/launch.h"

namespace ktlm::train {

/// Waits until all are there. Throws Error where the port is taken, some do not come within five minutes, or `stop` is
/// requested.
c10::intrusive_ptr<c10d::Store> meet(const Launch& launch, const StopFlag& stop);

}  // namespace ktlm::train
