#include "train_verb.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "config_sections.h"
#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/core/log.h"
#include "ktlm/core/machine.h"
#include "ktlm/core/path_status.h"
#include "ktlm/core/text_format.h"
#include "ktlm/doctor/measured.h"
#include "ktlm/doctor/preflight.h"
#include "ktlm/doctor/self_test.h"
#include "ktlm/generate/chat_session.h"
#include "ktlm/generate/find_model.h"
#include "ktlm/generate/generator.h"
#include "ktlm/generate/inference_models.h"
#include "ktlm/model/device.h"
#include "ktlm/model/model_dir.h"
#include "ktlm/train/checkpoint.h"
#include "ktlm/train/trainer.h"

namespace ktlm::cli {

namespace fs = std::filesystem;

namespace {

constexpr int64_t kSampleTokens = 64;  // enough to see how the model does, short enough not to hold the training up

struct TrainSettings {
  ConfigTree tree;
  train::TrainRequest request;
  generate::SamplingConfig sampling;
};

fs::path run_directory(const TrainArguments& arguments) {
  if (!arguments.run_dir.empty()) return arguments.run_dir;
  const std::string name =
      arguments.config_files.empty() ? "default" : fs::path(arguments.config_files.back()).stem().string();
  return fs::path("runs") / name;
}

std::optional<train::RunInputs> load_run_inputs(const fs::path& run_dir) {
  try {
    return train::load_run_inputs(run_dir);
  } catch (const Error& error) {
    throw Error(std::string(error.what()) + "; give --data and --tokenizer");
  }
}

// What the command line names, else what the resumed run was made with, else the tokenizer of the model that the run
// starts from, else the usual directories.
train::RunInputs run_inputs(const TrainArguments& arguments, const fs::path& run_dir, const std::string& init_from) {
  train::RunInputs inputs = {kUsualDataDir, init_from.empty() ? kUsualTokenizerDir : init_from};
  if (arguments.resume) {
    const bool has_own = path_exists(train::run_tokenizer_dir(run_dir));
    const bool is_told_all = !arguments.data_dir.empty() && (has_own || !arguments.tokenizer_dir.empty());
    if (!is_told_all) inputs = load_run_inputs(run_dir).value_or(inputs);
    if (has_own) inputs.tokenizer_dir = train::run_tokenizer_dir(run_dir);
  }
  if (!arguments.data_dir.empty()) inputs.prepared_dir = arguments.data_dir;
  if (!arguments.tokenizer_dir.empty()) inputs.tokenizer_dir = arguments.tokenizer_dir;
  return inputs;
}

// What the section `model` need not say. A run that goes on has all of it in its own configuration, so that the model
// it started from may be gone.
model::ModelConfig initial_shape(const std::string& init_from, bool resume) {
  if (init_from.empty() || (resume && !path_exists(fs::path(init_from) / "config.json"))) return {};
  return model::load_model_config(init_from);
}

// A path as YAML in double quotes, whatever characters it has.
std::string to_yaml_scalar(const std::string& text) { return to_json_line(Json(text)); }

// Of the runs beside `named`, which is none, the one whose name is nearest, else the one that was begun last; empty
// where there is none.
fs::path run_that_was_meant(const fs::path& named) {
  const fs::path run_dir = named.has_filename() ? named : named.parent_path();  // "runs/small/" names "runs/small"
  const fs::path parent = run_dir.parent_path();
  std::vector<std::string> names;
  std::string newest;
  fs::file_time_type newest_time;
  std::error_code error;  // what can't be read is no run to suggest
  for (fs::directory_iterator entry(parent.empty() ? "." : parent, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code no_run;
    const auto time = fs::last_write_time(entry->path() / "config.yaml", no_run);
    if (no_run) continue;
    names.push_back(entry->path().filename().string());
    if (!newest.empty() && time <= newest_time) continue;
    newest = names.back();
    newest_time = time;
  }
  const std::string nearest = nearest_name(run_dir.filename().string(), names);
  return newest.empty() ? fs::path() : parent / (nearest.empty() ? newest : nearest);
}

// On the command line rather than in a file.
bool is_set_now(const ConfigTree& tree, const char* key) {
  const ConfigValue* value = tree.find("train", key);
  return value != nullptr && value->where.starts_with("--set ");
}

TrainSettings load_settings(const TrainArguments& arguments) {
  TrainSettings settings;
  auto& [tree, request, sampling] = settings;
  request.run_dir = run_directory(arguments);
  const bool use_own = arguments.resume && arguments.config_files.empty();
  const fs::path own_config = request.run_dir / "config.yaml";
  if (use_own && !path_exists(own_config)) {
    const fs::path meant = run_that_was_meant(request.run_dir);
    throw ConfigError(own_config.string() + ": not there, so there is no run to resume; " +
                      (meant.empty() ? "check --out, or start one with --config FILE"
                                     : "did you mean --out " + meant.string() + "?"));
  }
  tree = load_config_tree(use_own ? std::vector{own_config.string()} : arguments.config_files, arguments.overrides);
  if (!arguments.dtype.empty()) tree.add_override("train.dtype=" + arguments.dtype);
  if (!arguments.init_from.empty()) tree.add_override("train.init_from=" + to_yaml_scalar(arguments.init_from));
  if (arguments.threads) tree.add_override("train.threads=" + std::to_string(*arguments.threads));

  request.train = load_section<train::TrainConfig>(tree, "train");
  std::string& init_from = request.train.init_from;
  // A run that goes on has no need of the model that it started from.
  const bool is_gone = arguments.resume && !path_exists(init_from);
  if (!init_from.empty() && !is_gone) init_from = generate::find_model(init_from).string();
  request.model = load_section<model::ModelConfig>(tree, "model", initial_shape(init_from, arguments.resume));
  sampling = load_section<generate::SamplingConfig>(tree, "sampling");
  request.other_sections = to_yaml("sampling", sampling);
  const train::RunInputs inputs = run_inputs(arguments, request.run_dir, init_from);
  request.prepared_dir = inputs.prepared_dir;
  request.tokenizer_dir = inputs.tokenizer_dir;
  request.device = arguments.device;
  request.resume = arguments.resume;
  // The run's own numbers, which the user may not even know, are for as many processes as it had.
  const bool asks_for_size = is_set_now(tree, "micro_batch_size") && request.train.micro_batch_size > 0;
  request.keep_windows_per_step = use_own && !asks_for_size && !is_set_now(tree, "grad_accum_steps");
  return settings;
}

// As the tree says it, but that the shape's defaults are those of the model that the run starts from.
std::string model_section(const TrainSettings& settings) {
  std::string yaml = to_yaml_with_origins(settings.tree, "model", settings.request.model);
  const std::string &from = settings.request.train.init_from, usual = "  # default\n";
  if (from.empty()) return yaml;
  const std::string origin = "  # " + from + "/config.json\n";
  for (size_t at = yaml.find(usual); at != std::string::npos; at = yaml.find(usual, at + origin.size()))
    yaml.replace(at, usual.size(), origin);
  return yaml;
}

std::string print_config(const TrainSettings& settings) {
  return model_section(settings) + to_yaml_with_origins(settings.tree, "train", settings.request.train) +
         to_yaml_with_origins(settings.tree, "sampling", settings.sampling);
}

// Continues a prompt as `ktlm generate` would, or answers it as `ktlm chat` would where dialogues are trained, but
// briefly and with the same random numbers each time.
auto sampler(const TrainSettings& settings) {
  auto sampling = settings.sampling;
  if (sampling.seed < 0) sampling.seed = settings.request.train.seed;
  sampling.max_new_tokens =
      sampling.max_new_tokens == 0 ? kSampleTokens : std::min(sampling.max_new_tokens, kSampleTokens);
  const bool chat = settings.request.train.task == "chat";
  return [sampling, chat, directory = train::run_tokenizer_dir(settings.request.run_dir)](
             const model::LanguageModel& model, const std::string& prompt) {
    const auto tokenizer = tokenizer::Tokenizer::load(directory);
    if (!chat) return generate::generate_text(generate::InferenceModels(model), tokenizer, prompt, sampling);
    return std::string("\n").append(
        generate::ChatSession(generate::InferenceModels(model), tokenizer).ask(prompt, sampling).text);
  };
}

// Processes of one machine share its cores, unless their launcher has shared them out already.
int64_t threads_of(const train::TrainRequest& request) {
  const train::Launch& launch = request.launch;
  if (request.train.threads > 0 || launch.local_world_size == 1) return request.train.threads;
  const int64_t cores = num_usable_cores();
  const bool are_own = launch.binds_to_cores && cores < num_cores();
  return are_own ? cores : std::max<int64_t>(1, cores / launch.local_world_size);
}

// GPUs have computed wrongly without a word (docs/architecture.md); a second now saves a night for nothing.
void check_device(at::Device device, at::ScalarType dtype) {
  if (device.is_cpu()) return;
  std::vector dtypes = {at::kFloat};  // the residual stream, norms and losses of every run
  if (dtype != at::kFloat) dtypes.push_back(dtype);
  doctor::require_right_results(device, dtypes);
}

doctor::TrainingPlan plan_of(const train::RunPlan& run, const fs::path& run_dir) {
  return {run_dir.string(), run.model, run.train, run.processes, run.processes_here};
}

void check_room(const train::RunPlan& run, const fs::path& run_dir) {
  const std::string missing = doctor::missing_room(plan_of(run, run_dir), run.device, run_dir);
  if (!missing.empty()) throw Error(missing);
}

// What a new run lacks, and what a long one is in for: a short one is over before it is read, or measured.
void check_plan(const train::RunPlan& run, const fs::path& run_dir, Console& console) {
  constexpr int64_t kLongRun = 500;
  if (run.first_step > 0) return;
  auto plan = plan_of(run, run_dir);
  plan.train.dtype = model::dtype_name(run.dtype);
  auto preflight = doctor::preflight(plan, run.dtype, run.device, run.corpus_tokens, run_dir);
  if (!preflight.error.empty()) throw Error(preflight.error);
  for (const auto& fault : preflight.faults) console.warnings()(fault);
  if (run.train.max_steps < kLongRun) return;
  const auto time = doctor::try_to_measure([&] { return doctor::measure_training_time(plan, run.device); });
  if (time.figure && time.figure->steady) preflight.seconds = time.figure->total_seconds;
  model::release_cached_memory(run.device);
  for (const auto& line : doctor::preflight_lines(preflight)) console.note(line);
  for (const auto& warning : preflight.warnings) console.warnings()(warning);
}

const char* outcome_name(train::TrainOutcome outcome) {
  switch (outcome) {
    case train::TrainOutcome::kFinished:
      return "finished";
    case train::TrainOutcome::kStoppedEarly:
      return "stopped_early";
    case train::TrainOutcome::kInterrupted:
      return "interrupted";
  }
  return "";
}

std::string summary_json(const train::TrainSummary& summary, const fs::path& run_dir) {
  Json json;
  json["outcome"] = outcome_name(summary.outcome);
  json["run"] = run_dir.string();
  json["model"] = summary.model_dir.empty() ? Json(nullptr) : Json(summary.model_dir.string());
  json["step"] = summary.step;
  json["parameters"] = summary.num_parameters;
  json["tokens_seen"] = summary.tokens_seen;
  json["train_loss"] = summary.train_loss;
  if (summary.validated_step > 0) {
    json["validation"] = {{"step", summary.validated_step},
                          {"loss", summary.validation.loss},
                          {"perplexity", summary.validation.perplexity},
                          {"bits_per_byte", summary.validation.bits_per_byte},
                          {"tokens", summary.validation.num_tokens},
                          {"bytes", summary.validation.num_bytes}};
  }
  json["best_step"] = summary.best_step;
  json["seconds"] = summary.seconds;
  json["tokens_per_second"] = summary.tokens_per_second;
  return to_json_line(json);
}

std::string summary_words(const train::TrainSummary& summary, int64_t first_step, const fs::path& run_dir,
                          const std::string& try_verb) {
  const std::string step = "step " + std::to_string(summary.step);
  if (summary.outcome == train::TrainOutcome::kInterrupted)
    return "stopped, " + (summary.step > 0 ? "saved at " + step : std::string("before the first step")) +
           "; go on with ktlm train --resume --out " + run_dir.string();
  const std::string advice = "; try ktlm " + try_verb + " --model " + summary.model_dir.string();
  const bool is_finished = summary.outcome == train::TrainOutcome::kFinished;
  if (is_finished && first_step > 0 && first_step == summary.step)
    return "finished already at " + step + "; --set train.max_steps=N trains further" + advice;
  const std::string words = is_finished ? "finished " + step
                                        : "stopped early at " + step + ", the best model is that of step " +
                                              std::to_string(summary.best_step);
  const bool was_better = is_finished && summary.best_step > 0 && summary.best_step < summary.step;
  return words + " after " + format_seconds(summary.seconds) +
         (was_better ? "; the validation was best at step " + std::to_string(summary.best_step) + ", see " +
                           (run_dir / "checkpoints" / train::checkpoint_name(summary.best_step)).string()
                     : "") +
         advice;
}

}  // namespace

int run_train(const TrainArguments& arguments, Console& console) {
  auto settings = load_settings(arguments);
  if (arguments.print_config) {
    console.print(print_config(settings));
    return 0;
  }
  auto& request = settings.request;
  request.launch = train::launch_from(train::process_environment());
  model::set_up_compute(threads_of(request));
  int64_t first_step = 0;
  const auto take_plan = [&](const train::RunPlan& run) {
    first_step = run.first_step;
    check_plan(run, request.run_dir, console);
  };
  const train::TrainCallbacks callbacks = {
      console.progress(), console.warnings(), [&](const std::string& line) { console.note(line); }, sampler(settings),
      [&](const train::RunPlan& run) { check_room(run, request.run_dir); }, check_device, take_plan,
      // From another thread, so not through the console, which may be drawing.
      [](const std::string& words) { log_error(words); }};
  const auto summary = train::train(request, callbacks, console.stop_flag());

  if (request.launch.rank == 0) {
    console.note(
        summary_words(summary, first_step, request.run_dir, request.train.task == "chat" ? "chat" : "generate"));
    if (arguments.json)
      console.print(summary_json(summary, request.run_dir));
    else if (!summary.model_dir.empty())
      console.print(summary.model_dir.string());
  }
  return summary.outcome == train::TrainOutcome::kInterrupted ? 128 + summary.signal_number : 0;
}

}  // namespace ktlm::cli
