// The words behind a run's progress: "step 120/2000  ETA 12m05s  loss 3.214  12.3k tok/s  lr 6.0e-04  3.1 GB".
#pragma once

#include <cstdint>
#include <string>

namespace ktlm::train {

struct RunStatus {
  int64_t step, max_steps;
  double seconds_left;
  double loss, tokens_per_second;  // of the last report; loss 0: none yet
  double learning_rate;
  int64_t memory_bytes;
};

/// What matters most comes first: a terminal of 80 columns may cut the end off.
std::string status_line(const RunStatus& status);

}  // namespace ktlm::train
