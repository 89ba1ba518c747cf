#include "ktlm/train/trainer.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "batch_size_search.h"
#include "initial_model.h"
#include "input_words.h"
#include "ktlm/core/error.h"
#include "ktlm/core/file_lock.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/core/path_status.h"
#include "ktlm/core/text_format.h"
#include "ktlm/model/device.h"
#include "ktlm/model/model_dir.h"
#include "ktlm/model/torch_error.h"
#include "ktlm/train/train_step.h"
#include "ranks.h"
#include "resumed_batches.h"
#include "starting_files.h"
#include "state_exchange.h"
#include "training_loop.h"

namespace ktlm::train {

namespace fs = std::filesystem;

namespace {

fs::path inputs_path(const fs::path& run_dir) { return run_dir / "inputs.json"; }

void save_run_inputs(const fs::path& run_dir, const RunInputs& inputs) {
  const Json json = {{"data", inputs.prepared_dir.string()},
                     {"tokenizer", inputs.tokenizer_dir.string()},
                     {"documents", inputs.documents},
                     {"text_bytes", inputs.text_bytes},
                     {"windows_per_step", inputs.windows_per_step}};
  write_file_atomically(inputs_path(run_dir), to_json_line(json) + "\n");
}

void refuse_to_overwrite(const TrainRequest& request) {
  const auto steps = list_checkpoints(request.run_dir);
  if (steps.empty() || request.resume) return;
  throw ConfigError(request.run_dir.string() + ": holds a run already (" + checkpoint_name(steps.front()) +
                    "); pass --resume to go on with it, or another --out to start afresh");
}

// A model that training starts from may have more embeddings than its tokenizer has pieces.
model::ModelConfig resolve_model_config(model::ModelConfig config, const tokenizer::Tokenizer& tokenizer,
                                        bool is_new_model) {
  if (config.vocab_size == 0) config.vocab_size = tokenizer.vocab_size();
  if (config.vocab_size < tokenizer.vocab_size() || (is_new_model && config.vocab_size > tokenizer.vocab_size()))
    throw ConfigError("model.vocab_size is " + std::to_string(config.vocab_size) + ", but the tokenizer in " +
                      tokenizer.directory().string() + " has " + std::to_string(tokenizer.vocab_size()) +
                      " pieces; set model.vocab_size to 0 to take the tokenizer's");
  config.validate();
  config.head_dim = config.resolved_head_dim();  // as a checkpoint says it
  return config;
}

void check_micro_batch(const TrainRequest& request, const model::ModelConfig& config, at::Device device) {
  const int64_t num_tokens = request.train.micro_batch_size * config.max_seq_len;
  const int64_t most = max_micro_batch_tokens(device);
  if (num_tokens <= most) return;
  throw ConfigError("train.micro_batch_size " + std::to_string(request.train.micro_batch_size) +
                    " x model.max_seq_len " + std::to_string(config.max_seq_len) + " are " +
                    std::to_string(num_tokens) + " tokens, but MPS may sum over more than " + std::to_string(most) +
                    " wrongly (pytorch #195163); lower micro_batch_size and raise grad_accum_steps");
}

// A run keeps its tokenizer: the folder that it was given may hold another one before the run ends.
void keep_tokenizer(const TrainRequest& request, const std::string& hash, StartingFiles& files) {
  const fs::path own = run_tokenizer_dir(request.run_dir);
  if (path_exists(own) && tokenizer::Tokenizer::load(own).hash() == hash) return;
  AtomicDirectory directory(own);
  model::copy_tokenizer_files(request.tokenizer_dir, directory.path());
  if (tokenizer::Tokenizer::load(directory.path()).hash() != hash)
    throw Error(request.tokenizer_dir.string() + ": changed while the run began; start it again");
  for (const auto& file : fs::directory_iterator(directory.path())) files.add(own / file.path().filename());
  directory.commit();
}

void lock_run(const fs::path& run_dir, std::optional<FileLock>& lock, StartingFiles& files) {
  files.add(FileLock::file_in(run_dir));
  try {
    lock.emplace(run_dir, "wait for it or stop it, or give another --out");
  } catch (...) {
    files.keep();  // they may be another run's by now
    throw;
  }
}

struct RunStart {
  model::LanguageModel model;
  Optimizer optimizer;
  TrainerState state;
};

RunStart resume_run(const TrainRequest& request, const RunIdentity& identity, const model::ModelConfig& config,
                    const InputWords& given, const OptimizerOptions& optimizer_options, at::Device device,
                    const TrainCallbacks& callbacks) {
  auto loaded = load_newest_checkpoint(request.run_dir, device, optimizer_options, callbacks.warning);
  check_resumable(request.run_dir, loaded.state, loaded.model.config(), identity, config, words_of_run(request.run_dir),
                  given);
  if (request.train.dtype != "auto") loaded.state.autocast_dtype = request.train.dtype;
  // What was asked for may have been too much for the memory; who asks for another size now gets it. One that follows
  // from the number of processes nobody asked for.
  int64_t &size = loaded.state.micro_batch_size, &asked_size = loaded.state.asked_micro_batch_size;
  const int64_t given_size = request.train.micro_batch_size;
  if (size < 1 || (given_size > 0 && given_size != asked_size)) {
    size = size > 0 && request.keep_windows_per_step ? std::min(size, given_size) : given_size;
    asked_size = given_size;
  }
  name_latest_and_best(request.run_dir, loaded.state);  // whoever was killed may have had no time to
  if (callbacks.note) callbacks.note("going on from " + checkpoint_name(loaded.state.step));
  return {std::move(loaded.model), std::move(loaded.optimizer), std::move(loaded.state)};
}

RunStart start_run(const TrainRequest& request, const RunIdentity& identity, const model::ModelConfig& config,
                   const OptimizerOptions& optimizer_options, at::Device device) {
  model::LanguageModel model = make_initial_model(request.train, config, device);
  Optimizer optimizer(model.parameters(), optimizer_options);
  TrainerState state;
  state.identity = identity;
  if (!request.train.init_from.empty()) state.rate_factors = rate_factors_of(model, optimizer_options, request.train);
  state.micro_batch_size = state.asked_micro_batch_size = request.train.micro_batch_size;
  state.autocast_dtype =
      model::dtype_name(choose_autocast_dtype(request.train.dtype, device, config, request.train.micro_batch_size));
  return {std::move(model), std::move(optimizer), std::move(state)};
}

// What rank 0 has loaded or made, in all processes: they need not see the run directory.
RunStart begin_run(const TrainRequest& request, const Ranks& ranks, bool resuming, const RunIdentity& identity,
                   const model::ModelConfig& config, const InputWords& given, at::Device device,
                   const TrainCallbacks& callbacks) {
  OptimizerOptions optimizer_options = make_optimizer_options(request.train);
  if (request.train.shard_optimizer) optimizer_options.shard = {ranks.rank(), ranks.size()};
  TrainRequest own = request;
  if (!ranks.is_writer()) own.train.init_from = "";
  RunStart run = resuming && ranks.is_writer()
                     ? resume_run(own, identity, config, given, optimizer_options, device, callbacks)
                     : start_run(own, identity, config, optimizer_options, device);
  run.state = state_of_writer(ranks, run.state);
  run.optimizer.set_rate_factors(run.state.rate_factors);
  spread_model_and_state(ranks, run.model, run.optimizer);
  return run;
}

// What is too much for a model without a batch is no matter of the batch's size.
template <class Begin>
RunStart with_room_for(const model::ModelConfig& config, const Begin& begin) {
  try {
    return model::translate_torch_errors(begin);
  } catch (const model::OutOfMemoryError& error) {
    constexpr int64_t kBytes = 16;  // weight, gradient and two moments
    throw Error("out of memory for a model of " + std::to_string(config.num_parameters()) +
                " parameters, whose weights, gradients and moments alone take " +
                format_bytes(kBytes * config.num_parameters()) + " (" + error.reason() + "); choose a smaller model");
  }
}

// Where train.micro_batch_size is auto: takes the checkpoint's, else finds it, and says so in `config`.
void settle_micro_batch_size(TrainConfig& config, const Launch& launch, const Ranks& ranks, RunStart& run,
                             const TrainCallbacks& callbacks) {
  TrainerState& state = run.state;
  const int64_t windows = state.identity.windows_per_step / ranks.size();
  if (state.micro_batch_size < 1) {
    state.micro_batch_size = state.asked_micro_batch_size = ranks.min(
        find_micro_batch_size(run.model, run.optimizer, windows, model::parse_dtype(state.autocast_dtype), launch));
    if (callbacks.note)
      callbacks.note("micro_batch_size " + std::to_string(state.micro_batch_size) + " fits, so grad_accum_steps is " +
                     std::to_string(windows / state.micro_batch_size) + " for " + std::to_string(windows) +
                     " windows a step" + (ranks.is_alone() ? "" : " and process"));
  }
  // A size that was found for fewer processes may not divide what each of more has.
  state.micro_batch_size = largest_divisor(windows, state.micro_batch_size);
  state.asked_micro_batch_size = largest_divisor(windows, state.asked_micro_batch_size);
  if (config.micro_batch_size > 0) return;
  config.micro_batch_size = state.asked_micro_batch_size;
  config.grad_accum_steps = windows / state.asked_micro_batch_size;
}

// None where a stop was requested meanwhile.
std::optional<data::TokenDatasets> open_own_datasets(const corpus::PreparedCorpus& corpus,
                                                     const tokenizer::Tokenizer& tokenizer, int64_t num_threads,
                                                     const ProgressCallback& progress, const StopFlag& stop) {
  try {
    return data::open_or_build_token_datasets(corpus, tokenizer, num_threads, progress, stop);
  } catch (const Error&) {
    if (!stop.requested()) throw;
    return {};
  }
}

// Rank 0 first, so that it builds what the others open; on machines that do not see its files they build their own.
std::optional<data::TokenDatasets> open_datasets(const Ranks& ranks, const corpus::PreparedCorpus& corpus,
                                                 const tokenizer::Tokenizer& tokenizer, int64_t num_threads,
                                                 const ProgressCallback& progress, const StopFlag& stop) {
  std::optional<data::TokenDatasets> datasets;
  if (ranks.is_writer()) datasets = open_own_datasets(corpus, tokenizer, num_threads, progress, stop);
  if (ranks.any(ranks.is_writer() && !datasets)) return {};
  if (!ranks.is_writer()) datasets = open_own_datasets(corpus, tokenizer, num_threads, progress, stop);
  if (ranks.any(!datasets)) return {};
  return datasets;
}

// Windows of a step over all processes.
int64_t windows_per_step(const TrainConfig& config, const Ranks& ranks) {
  if (config.micro_batch_size > 0) return config.windows_per_step() * ranks.size();
  if (config.grad_accum_steps % ranks.size() != 0)
    throw ConfigError("train.grad_accum_steps is " + std::to_string(config.grad_accum_steps) + ", with " +
                      "train.micro_batch_size auto the windows of a step; expected a multiple of the " +
                      std::to_string(ranks.size()) + " processes");
  return config.grad_accum_steps;
}

TrainSummary train_run(const TrainRequest& asked, Ranks& ranks, const TrainCallbacks& callbacks, const StopFlag& stop) {
  TrainRequest request = asked;
  keep_windows_per_step(request, ranks, callbacks.note);
  request.train.validate(request.model.max_seq_len);
  const bool writes = ranks.is_writer();
  if (writes) refuse_to_overwrite(request);
  const auto corpus = corpus::PreparedCorpus::open(request.prepared_dir);
  const auto tokenizer = tokenizer::Tokenizer::load(request.tokenizer_dir);
  const bool resuming_any = request.resume && !list_checkpoints(request.run_dir).empty();
  if (writes && !resuming_any) check_tokenizer_of_initial_model(request.train, tokenizer);
  const auto model_config = resolve_model_config(request.model, tokenizer, request.train.init_from.empty());
  const at::Device device = ranks.select_device(request.device);
  check_micro_batch(request, model_config, device);
  const RunIdentity identity = {
      tokenizer.hash(),   corpus.content_hash(),   request.train.seed,     windows_per_step(request.train, ranks),
      request.train.task, request.train.init_from, request.train.optimizer};
  ranks.require_same(to_yaml("model", model_config) + to_yaml("train", request.train) +
                     "tokenizer: " + identity.tokenizer_hash + "\ncorpus: " + identity.corpus_hash +
                     "\ndevice: " + model::device_name(device) + "\n");
  ranks.connect(device);

  std::optional<FileLock> lock;
  StartingFiles files;  // goes while the lock is held
  if (writes) lock_run(request.run_dir, lock, files);
  if (writes) refuse_to_overwrite(request);  // again: another run may have ended in between
  const bool resuming = ranks.any(writes && request.resume && !list_checkpoints(request.run_dir).empty());
  if (request.resume && !resuming && callbacks.warning)
    callbacks.warning(request.run_dir.string() + ": holds no checkpoint to resume from; starting at step 0");
  RunInputs inputs = inputs_of(request.prepared_dir, request.tokenizer_dir, corpus);
  inputs.windows_per_step = identity.windows_per_step;
  const InputWords words = words_of_inputs(request.run_dir, inputs, tokenizer);
  if (!resuming && callbacks.check_room)
    callbacks.check_room(
        {model_config, request.train, device, at::kFloat, 0, 0, ranks.size(), request.launch.local_world_size});
  RunStart run = with_room_for(model_config, [&] {
    return begin_run(request, ranks, resuming, identity, model_config, words, device, callbacks);
  });
  run.model.set_gradient_checkpointing(request.train.gradient_checkpointing);
  if (callbacks.check_device) callbacks.check_device(device, model::parse_dtype(run.state.autocast_dtype));

  TrainRequest run_request = request;
  run_request.tokenizer_dir = run_tokenizer_dir(request.run_dir);
  settle_micro_batch_size(run_request.train, request.launch, ranks, run, callbacks);
  check_micro_batch(run_request, model_config, device);  // again: a checkpoint's size may be of another device

  const std::string config_yaml =
      to_yaml("model", model_config) + to_yaml("train", run_request.train) + request.other_sections;
  // Before the token files are built, which may take long: a run that is stopped meanwhile can go on.
  if (writes) {
    write_file_atomically(files.add(request.run_dir / "config.yaml"), config_yaml);
    files.add(inputs_path(request.run_dir));
    save_run_inputs(request.run_dir, inputs);
    keep_tokenizer(request, identity.tokenizer_hash, files);
  }
  const auto datasets = open_datasets(ranks, corpus, tokenizer, request.train.threads, callbacks.progress, stop);
  if (!datasets) {
    files.keep();  // what was asked for, for --resume
    const auto signal = ranks.max(stop.signal_number());
    ranks.leave();
    return {.outcome = TrainOutcome::kInterrupted, .signal_number = static_cast<int>(signal), .step = run.state.step};
  }
  RunData data(ranks, run_request.train, run.state.micro_batch_size, model_config.max_seq_len, *datasets, tokenizer);
  if (callbacks.warning && !data.warning().empty())
    callbacks.warning(request.prepared_dir.string() + ": " + data.warning());
  if (request.train.eval_every_steps > 0 && !data.can_validate() && callbacks.warning)
    callbacks.warning(request.prepared_dir.string() + ": holds no validation text; going on without validation");

  if (callbacks.note)
    callbacks.note(std::to_string(model_config.num_parameters()) + " parameters on " + model::device_name(device) +
                   (ranks.is_alone() ? "" : " of " + std::to_string(ranks.size()) + " processes") + " in " +
                   run.state.autocast_dtype + ", " + data.description());
  if (callbacks.check_plan)
    callbacks.check_plan({model_config, run_request.train, device, model::parse_dtype(run.state.autocast_dtype),
                          datasets->train.num_tokens(), run.state.step, ranks.size(), request.launch.local_world_size});
  files.keep();  // where the disk has no room for reports, there is a run to go on with
  auto metrics =
      writes ? MetricsWriter::open(request.run_dir, {run.state.step, run.state.validated_step}) : MetricsWriter();
  metrics.config(run.state.step, config_yaml);
  const RunParts parts = {ranks, run_request, callbacks, stop, data, run.model, run.optimizer, run.state, metrics};
  TrainSummary summary = TrainingLoop(parts).run();
  ranks.leave();
  return summary;
}

}  // namespace

fs::path run_tokenizer_dir(const fs::path& run_dir) { return run_dir / "tokenizer"; }

std::optional<RunInputs> load_run_inputs(const fs::path& run_dir) {
  const fs::path path = inputs_path(run_dir);
  if (!path_exists(path)) return {};
  const Json json = read_json_file(path.string());
  return RunInputs{json_get<std::string>(json, "data", path.string()),
                   json_get<std::string>(json, "tokenizer", path.string()),
                   json_get_or<int64_t>(json, "documents", 0, path.string()),
                   json_get_or<int64_t>(json, "text_bytes", 0, path.string()),
                   json_get_or<int64_t>(json, "windows_per_step", 0, path.string())};
}

TrainSummary train(const TrainRequest& request, const TrainCallbacks& callbacks, const StopFlag& stop) {
  try {
    return model::translate_torch_errors([&] {
      const auto lost = [&](const std::string& words) {
        if (callbacks.lost) callbacks.lost(words);
        std::_Exit(1);  // the main thread waits and can't be woken up
      };
      Ranks ranks(request.launch, lost, callbacks.note, stop);
      return train_run(request, ranks,
                       ranks.is_writer()
                           ? callbacks
                           : TrainCallbacks{.check_room = callbacks.check_room, .check_device = callbacks.check_device},
                       stop);
    });
  } catch (const model::OutOfMemoryError& error) {
    const auto& launch = request.launch;
    const std::string who = "rank " + std::to_string(launch.rank) + " of " + std::to_string(launch.world_size) + ": ";
    throw Error((launch.world_size > 1 ? who : "") + "out of memory with train.micro_batch_size " +
                (request.train.micro_batch_size > 0 ? std::to_string(request.train.micro_batch_size) : "auto") + " (" +
                error.reason() +
                "); halve it and double train.grad_accum_steps, or set train.gradient_checkpointing to true" +
                (list_checkpoints(request.run_dir).empty() ? "" : ", and go on with --resume"));
  }
}

}  // namespace ktlm::train
