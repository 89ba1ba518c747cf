#include "ktlm/data/batch_loader.h"

#include <algorithm>

#include "ktlm/core/error.h"
#include "ktlm/core/random.h"

namespace ktlm::data {

BatchLoader::BatchLoader(const TokenDataset& dataset, int64_t batch_size, int64_t seq_len, uint64_t seed, int64_t rank,
                         int64_t world_size)
    : dataset_(&dataset),
      batch_size_(batch_size),
      seq_len_(seq_len),
      rank_(rank),
      world_size_(world_size),
      seed_(seed) {
  if (dataset.num_tokens() == 0)
    throw Error("token dataset: holds no token to train on; run ktlm prepare on more text");
}

int64_t BatchLoader::num_windows() const { return (dataset_->num_tokens() + seq_len_ - 1) / seq_len_; }

double BatchLoader::epoch_at(int64_t index) const {
  return static_cast<double>(index * world_size_ * batch_size_) / static_cast<double>(num_windows());
}

Batch BatchLoader::batch(int64_t index) {
  Batch batch{at::empty({batch_size_, seq_len_}, at::kLong), at::empty({batch_size_, seq_len_}, at::kLong)};
  const int64_t first_row = (index * world_size_ + rank_) * batch_size_;  // among the rows of the whole run
  for (int64_t row = 0; row < batch_size_; ++row) {
    start_epoch((first_row + row) / num_windows());
    const int64_t window = permutation_[static_cast<size_t>((first_row + row) % num_windows())];
    fill_row(window, batch.ids.mutable_data_ptr<int64_t>() + row * seq_len_,
             batch.targets.mutable_data_ptr<int64_t>() + row * seq_len_);
  }
  return batch;
}

void BatchLoader::start_epoch(int64_t epoch) {
  if (epoch == epoch_) return;
  Random random(mix64(seed_ ^ mix64(static_cast<uint64_t>(epoch))));
  first_token_ = static_cast<int64_t>(random.below(static_cast<uint64_t>(dataset_->num_tokens())));
  permutation_ = random_permutation(num_windows(), random.next());
  epoch_ = epoch;
}

void BatchLoader::fill_row(int64_t window, int64_t* ids, int64_t* targets) const {
  const int64_t begin = window * seq_len_;  // behind first_token_
  const auto length = static_cast<size_t>(seq_len_);
  dataset_->copy(first_token_ + begin, {ids, length});
  dataset_->copy(first_token_ + begin + 1, {targets, length});
  // Behind the epoch's last token the ring comes to tokens that the epoch's first window has.
  const int64_t num_targets = std::min(seq_len_, dataset_->num_tokens() - begin);
  std::fill(targets + num_targets, targets + seq_len_, -1);
}

}  // namespace ktlm::data
