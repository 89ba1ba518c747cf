// What the processes of a run bring each other beside gradients: rank 0's model and optimizer at the start and behind a
// roll-back; and, where each keeps a part of the optimizer's state, updated parameters and that state for a checkpoint.
#pragma once

#include "ktlm/model/language_model.h"
#include "ktlm/train/checkpoint.h"
#include "ktlm/train/optimizer.h"
#include "ranks.h"

namespace ktlm::train {

/// Rank 0's; what others give is ignored.
TrainerState state_of_writer(const Ranks& ranks, const TrainerState& state);

/// Makes everybody's model and optimizer those of rank 0, which has the whole state at hand.
void spread_model_and_state(const Ranks& ranks, const model::LanguageModel& model, Optimizer& optimizer);

/// Behind each step: the parameters that each shard has updated. Nothing where there are no shards.
void share_updates(const Ranks& ranks, const Optimizer& optimizer);

/// Before a checkpoint: brings rank 0 what the other shards keep, on the CPU, until Optimizer::forget_others.
void gather_state(const Ranks& ranks, Optimizer& optimizer);

}  // namespace ktlm::train
