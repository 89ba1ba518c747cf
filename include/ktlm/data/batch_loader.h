// Packed windows over a token dataset: the stream is cut into windows of seq_len targets, the last one wraps around, so
// that an epoch trains every token once and wastes none. The order is a permutation fixed by (seed, epoch); a batch is
// a pure function of the step, so that resuming needs no state and ranks agree without talking.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "ktlm/data/token_dataset.h"

namespace ktlm::data {

struct Batch {
  at::Tensor ids;      // (B, T) int64, CPU
  at::Tensor targets;  // (B, T) int64, CPU: the next token of each
};

class BatchLoader {
 public:
  /// `dataset` must outlive the loader.
  BatchLoader(const TokenDataset& dataset, int64_t batch_size, int64_t seq_len, uint64_t seed, int64_t rank = 0,
              int64_t world_size = 1);

  /// Micro-batch number `index` (0, 1, 2, ... over the whole run) of this rank.
  Batch batch(int64_t index);
  int64_t num_windows() const;
  /// Epochs over the data (1.5: one and a half) when micro-batch `index` is reached.
  double epoch_at(int64_t index) const;

 private:
  const TokenDataset* dataset_;
  int64_t batch_size_, seq_len_, rank_, world_size_;
  uint64_t seed_;
  int64_t permutation_epoch_ = -1;
  std::vector<int64_t> permutation_;  // of the windows, in permutation_epoch_
};

}  // namespace ktlm::data
