// Packed windows over a token dataset. The stream is a ring, cut into windows of seq_len targets: an epoch trains every
// token exactly once and wastes none. The cut moves from epoch to epoch, so that tokens meet other contexts, and the
// order of the windows is a permutation; both are fixed by (seed, epoch). A batch is a pure function of its number, so
// that resuming needs no state and ranks agree without talking.
#pragma once

#include <cstdint>
#include <vector>

#include "ktlm/data/batch.h"
#include "ktlm/data/token_dataset.h"

namespace ktlm::data {

class BatchLoader : public BatchSource {
 public:
  /// `dataset` must outlive the loader. Throws Error where it holds no token.
  BatchLoader(const TokenDataset& dataset, int64_t batch_size, int64_t seq_len, uint64_t seed, int64_t rank = 0,
              int64_t world_size = 1);

  /// Of this rank: the ranks' batches of one number follow each other, and an epoch goes over into the next within a
  /// batch. Only where an epoch's last window is full has a token no target.
  Batch batch(int64_t index) override;
  /// Windows of an epoch: the tokens, divided by seq_len, rounded up.
  int64_t num_windows() const;
  double epoch_at(int64_t index) const override;

 private:
  void start_epoch(int64_t epoch);
  void fill_row(int64_t window, int64_t* ids, int64_t* targets) const;

  const TokenDataset* dataset_;
  int64_t batch_size_, seq_len_, rank_, world_size_;
  uint64_t seed_;
  int64_t epoch_ = -1;                // the one that the following stand for
  std::vector<int64_t> permutation_;  // of the windows
  int64_t first_token_ = 0;           // where the ring is cut first
};

}  // namespace ktlm::data
