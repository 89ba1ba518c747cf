#include "seq_len_schedule.h"

namespace ktlm::train {

int64_t seq_len_at(const TrainConfig& config, int64_t step, int64_t max_seq_len) {
  if (config.warmup_seq_len == 0) return max_seq_len;
  int64_t doublings = 0;
  while (config.warmup_seq_len << doublings < max_seq_len) ++doublings;
  const double warmup_steps = config.seq_len_warmup_fraction * static_cast<double>(config.max_steps);
  for (int64_t done = 0; done < doublings; ++done) {
    const double end = warmup_steps * static_cast<double>(done + 1) / static_cast<double>(doublings);
    if (static_cast<double>(step) < end) return config.warmup_seq_len << done;
  }
  return max_seq_len;
}

data::Batch cut_windows(const data::Batch& batch, int64_t seq_len) {
  if (batch.ids.size(1) == seq_len) return batch;
  return {batch.ids.view({-1, seq_len}), batch.targets.view({-1, seq_len})};
}

}  // namespace ktlm::train
