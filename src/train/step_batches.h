// The micro-batches of the coming optimizer steps, brought to the device together. A copy to a GPU waits for all work
// that is queued there (on MPS always: MPSStream::copy_and_sync), so the trainer loads the steps up to the next report,
// which waits anyway, and no step waits for its data.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "ktlm/data/batch.h"
#include "ranks.h"

namespace ktlm::train {

struct StepBatches {
  std::vector<data::Batch> batches;  // on the device
  std::vector<double> shares;        // of the step's targets, of all ranks, that each batch has
};

class BatchUploader {
 public:
  /// Ranks and source must outlive this.
  BatchUploader(const Ranks& ranks, data::BatchSource& source, int64_t grad_accum_steps, at::Device device);

  /// The batches of `step`, counted from 0. Where they are not on the device yet, those of up to `num_ahead` steps from
  /// this one on are loaded (at least 1; bounded by memory).
  StepBatches at(int64_t step, int64_t num_ahead);

 private:
  void load(int64_t first_step, int64_t num_steps);

  const Ranks& ranks_;
  data::BatchSource& source_;
  int64_t grad_accum_steps_;
  at::Device device_;
  int64_t first_step_ = 0;
  std::vector<std::vector<double>> shares_;  // per loaded step
  at::Tensor tokens_;                        // (steps * grad_accum_steps, 2 or 3, B, T): ids, targets, starts of texts
};

}  // namespace ktlm::train
