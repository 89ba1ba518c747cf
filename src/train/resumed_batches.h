// A run that goes on with another number of processes than it had: its steps keep their windows, shared out anew.
#pragma once

#include <functional>
#include <string>

#include "ktlm/train/trainer.h"
#include "ranks.h"

namespace ktlm::train {

/// Where request.keep_windows_per_step says so and the run tells its windows a step: sets request.train's
/// micro_batch_size and grad_accum_steps to what makes them with as many processes as there are; `note`, which may be
/// empty, hears of a change. All ranks call it. Throws ConfigError where the processes do not divide the windows.
void keep_windows_per_step(TrainRequest& request, const Ranks& ranks,
                           const std::function<void(const std::string&)>& note);

}  // namespace ktlm::train
