// A training run from a prepared corpus and a tokenizer to a model directory, in one call.
//
// A run directory holds config.yaml (resolved), inputs.json, metrics.jsonl, report.html, TensorBoard's event files,
// checkpoints/, `latest`, `best` and, at the end, model/. Killed at any moment, the run goes on from its last
// checkpoint; on the CPU, with the same number of threads, to the same bits as if nothing had happened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "ktlm/core/progress.h"
#include "ktlm/core/stop_flag.h"
#include "ktlm/eval/bits_per_byte.h"
#include "ktlm/model/language_model.h"
#include "ktlm/train/launch.h"
#include "ktlm/train/train_config.h"

namespace ktlm::train {

struct TrainRequest {
  std::filesystem::path prepared_dir, tokenizer_dir, run_dir;
  model::ModelConfig model;  // vocab_size 0: the tokenizer's
  TrainConfig train;
  std::string other_sections;  // YAML to stand in config.yaml beside `model` and `train`; may be empty
  std::string device = "auto";
  bool resume = false;  // go on from run_dir's newest checkpoint; a run without one starts at step 0
  /// With `resume`: train.micro_batch_size and train.grad_accum_steps are the run's own, not asked for now, and give
  /// way where another number of processes goes on.
  bool keep_windows_per_step = false;
  Launch launch = {};  // of several processes that train together, which this one is
};

/// The run's own copy of its tokenizer, made at its start: checkpoints, samples and --resume take it from there,
/// whatever becomes of the folder that the run was given.
std::filesystem::path run_tokenizer_dir(const std::filesystem::path& run_dir);

/// What a run was given beside its configuration: inputs.json in the run directory.
struct RunInputs {
  std::filesystem::path prepared_dir, tokenizer_dir;  // as the caller wrote them, so relative ones to its folder
  int64_t documents = 0, text_bytes = 0;              // of the prepared directory then; 0 in runs of earlier versions
  int64_t windows_per_step = 0;                       // of all processes; 0 in runs of earlier versions
};
/// None where run_dir has none. Throws Error where it is damaged.
std::optional<RunInputs> load_run_inputs(const std::filesystem::path& run_dir);

/// A run as it is about to begin: its configuration with everything that was found out in it.
struct RunPlan {
  model::ModelConfig model;
  TrainConfig train;  // micro_batch_size is at least 1, but to check_room
  at::Device device;
  at::ScalarType dtype;        // of the products; not known to check_room
  int64_t corpus_tokens = 0;   // to train on; not known to check_room
  int64_t first_step = 0;      // 0: a new run
  int64_t processes = 1;       // each with train.micro_batch_size * train.grad_accum_steps windows in a step
  int64_t processes_here = 1;  // of them on this machine, where that is known
};

/// Any may be empty. Of several processes rank 0 alone has something to tell; check_room, check_device and lost are
/// called in each.
struct TrainCallbacks {
  ProgressCallback progress;
  WarningCallback warning;
  std::function<void(const std::string&)> note;  // a line about something that happened: a validation, a sample
  std::function<std::string(const model::LanguageModel&, const std::string& prompt)> sample;  // a continuation
  /// Before the model of a new run is made: throws where there is no room for it, which the system may tell by ending
  /// the process.
  std::function<void(const RunPlan&)> check_room;
  /// Before the run's files are written: throws where the run shall not use this device for products in this dtype.
  std::function<void(at::Device device, at::ScalarType dtype)> check_device;
  /// Before the first step: throws where the run shall not begin.
  std::function<void(const RunPlan&)> check_plan;
  /// From another thread: the run can't go on, since a process is gone that this one waits for. Says so; the process
  /// ends behind it, with exit code 1.
  std::function<void(const std::string&)> lost;
};

enum class TrainOutcome { kFinished, kStoppedEarly, kInterrupted };

struct TrainSummary {
  TrainOutcome outcome = TrainOutcome::kFinished;
  int signal_number = 0;  // that a process was interrupted by, this one or another
  int64_t step = 0;       // where the run stands
  int64_t num_parameters = 0;
  int64_t tokens_seen = 0;     // over the whole run
  double train_loss = 0;       // nats per token, of the last report; 0 where none was made
  int64_t validated_step = 0;  // of `validation`; 0: this call made none
  eval::Evaluation validation;
  int64_t best_step = 0;            // 0: never validated
  double seconds = 0;               // of this call
  double tokens_per_second = 0;     // of this call, without checkpoints and validations
  std::filesystem::path model_dir;  // empty where interrupted; after an early stop it holds the best step's model
};

/// A run that fails before its reports begin leaves nothing in run_dir that was not there.
/// Saves and returns kInterrupted soon after `stop` is requested. Throws ConfigError where run_dir holds checkpoints
/// and `resume` is off, or belong to another run; Error for faults of data, disk or memory, for a loss that is no
/// number and where another process trains in run_dir. With several processes (request.launch), each with the same
/// request but for that, it returns in all of them, and throws in all where one throws or is gone.
TrainSummary train(const TrainRequest& request, const TrainCallbacks& callbacks, const StopFlag& stop);

}  // namespace ktlm::train
