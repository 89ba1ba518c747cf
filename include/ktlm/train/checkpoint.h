// Checkpoints of a run: <run>/checkpoints/step-000500/ is a model directory, the optimizer's moments and the trainer's
// state, made under another name and renamed, so that it is whole or absent. <run>/latest and <run>/best name one each.
// Hashes of both big files stand in trainer_state.json: a damaged checkpoint is noticed, and the one before is taken.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "ktlm/core/progress.h"
#include "ktlm/model/language_model.h"
#include "ktlm/train/loss_watch.h"
#include "ktlm/train/optimizer.h"

namespace ktlm::train {

/// What must be the same when a run goes on: the data and the order in which it comes.
struct RunIdentity {
  std::string tokenizer_hash, corpus_hash;
  int64_t seed = 0;
  int64_t windows_per_step = 0;                                    // micro_batch_size * grad_accum_steps * processes
  std::string task = "text", init_from = "", optimizer = "adamw";  // as in TrainConfig
};

/// Where a run stands behind optimizer step `step`; beside it only the weights and the moments are needed to go on.
struct TrainerState {
  int64_t step = 0;
  RunIdentity identity;
  int64_t micro_batch_size = 0;        // that fits into memory; 0 in checkpoints of earlier versions
  int64_t asked_micro_batch_size = 0;  // train.micro_batch_size, as asked for or found, when the run began
  RateFactors rate_factors;            // of the model that the run began with
  std::string autocast_dtype;  // as decided at the start of the run: a measurement may fall out otherwise next time

  double loss_sum = 0;  // of the steps since the last report
  int64_t loss_steps = 0;
  int64_t skipped_steps = 0, spikes = 0;  // since the last report; skipped ones are not among loss_steps
  LossHistory losses;

  int64_t rollbacks = 0;          // each halves the learning rate from there on
  int64_t passed_over_steps = 0;  // steps whose text the roll-backs left out: step i takes that of i + so many

  double learning_rate_factor() const;

  int64_t validated_step = 0;  // the last one that was validated
  int64_t best_step = 0;       // 0: none yet
  double best_loss = std::numeric_limits<double>::infinity();
  int64_t validations_since_best = 0;
};

/// "step-000500".
std::string checkpoint_name(int64_t step);

/// Writes <run>/checkpoints/<name> and then <run>/latest. Throws Error (disk full ...); what was there stays.
void save_checkpoint(const std::filesystem::path& run_dir, const model::LanguageModel& model,
                     const Optimizer& optimizer, const TrainerState& state, const std::filesystem::path& tokenizer_dir);
/// Rewrites the state in the checkpoint of state.step, and <run>/best, after a validation. Throws Error.
void update_checkpoint_state(const std::filesystem::path& run_dir, const TrainerState& state);
/// Makes <run>/latest and <run>/best what `state`, of the checkpoint that the run goes on from, says. Throws Error.
void name_latest_and_best(const std::filesystem::path& run_dir, const TrainerState& state);
/// Removes the checkpoints up to state.step but for the newest `keep` and the best. Those beyond it, which can only be
/// damaged ones that a resume passed over, do not count; the run writes them anew when it gets there.
void prune_checkpoints(const std::filesystem::path& run_dir, int64_t keep, const TrainerState& state);

/// The steps of the checkpoints under <run>/checkpoints, newest first. Reads names alone.
std::vector<int64_t> list_checkpoints(const std::filesystem::path& run_dir);

/// RunIdentity::windows_per_step of the newest checkpoint whose state can be read; 0 where there is none.
int64_t windows_per_step_of(const std::filesystem::path& run_dir);

struct LoadedCheckpoint {
  model::LanguageModel model;
  Optimizer optimizer;
  TrainerState state;
};

/// The newest checkpoint that is whole; of those that are not, a warning each. Throws Error where none is.
LoadedCheckpoint load_newest_checkpoint(const std::filesystem::path& run_dir, at::Device device,
                                        const OptimizerOptions& optimizer_options, const WarningCallback& warning);

/// The same of those up to `last_step`, into a model and an optimizer that are there already.
TrainerState restore_checkpoint(const std::filesystem::path& run_dir, int64_t last_step, model::LanguageModel& model,
                                Optimizer& optimizer, const WarningCallback& warning);

/// Removes the checkpoints behind step `step`, the newest first; `warning`, which may be empty, hears of those that the
/// disk does not let go.
void remove_checkpoints_beyond(const std::filesystem::path& run_dir, int64_t step, const WarningCallback& warning);

/// What people know data and tokenizer by: "data/prepared with 1200 documents, 3.4 MB", "the run's own with 16000
/// pieces".
struct InputWords {
  std::string corpus, tokenizer;
};

/// Throws ConfigError, with the differences, where a checkpoint belongs to another run than the one to go on with.
/// `was` and `is` tell of what the run began with and of what it is given now.
void check_resumable(const std::filesystem::path& run_dir, const TrainerState& state,
                     const model::ModelConfig& state_model, const RunIdentity& identity,
                     const model::ModelConfig& model, const InputWords& was, const InputWords& is);

}  // namespace ktlm::train
