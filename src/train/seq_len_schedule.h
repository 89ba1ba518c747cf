// Windows that begin short and double (sequence length warm-up: Li et al. 2022): what a model learns first stands close
// by, and short windows take less time.
#pragma once

#include <cstdint>

#include "ktlm/data/batch.h"
#include "ktlm/train/train_config.h"

namespace ktlm::train {

/// Tokens in each window of optimizer step `step`: train.warmup_seq_len at first, doubled in equal shares of
/// train.seq_len_warmup_fraction of the steps, then `max_seq_len`.
int64_t seq_len_at(const TrainConfig& config, int64_t step, int64_t max_seq_len);

/// The same tokens and targets, (B, T) in windows of `seq_len`, a divisor of T, that see nothing of each other. A batch
/// of dialogues only as it is.
data::Batch cut_windows(const data::Batch& batch, int64_t seq_len);

}  // namespace ktlm::train
