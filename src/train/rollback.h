// Going back to a checkpoint of the same run, where its loss or gradient has gone wrong for several steps: with half
// the learning rate, and with the text behind that of the bad steps, so that nothing repeats as it was (PaLM's authors
// left out some hundred batches around a spike; Chowdhery et al. 2022, 5.1).
#pragma once

#include <cstdint>
#include <filesystem>

#include "ktlm/train/checkpoint.h"

namespace ktlm::train {

constexpr int64_t kMaxRollbacks = 3;  // of a run: an eighth of the learning rate, then it is not the rate

/// The checkpoint to go back to: the newest that a good step follows, before the first bad one, for a checkpoint right
/// before it may hold the weights that are bad; else the oldest. 0: there is none.
int64_t rollback_target(const std::vector<int64_t>& newest_first, int64_t first_bad_step);

/// Brings model and optimizer back, removes the checkpoints in between and writes down, in the checkpoint gone back to,
/// that the run goes on from there with half the rate and the text behind that of step `bad_step`: whatever ends the
/// process then, a resumed run does the same. Returns the new state. Throws Error where no checkpoint is whole.
TrainerState roll_back(const std::filesystem::path& run_dir, const TrainerState& state, int64_t bad_step,
                       model::LanguageModel& model, Optimizer& optimizer, const WarningCallback& warning);

}  // namespace ktlm::train
