#include "ktlm/train/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <type_traits>
#include <utility>

#include "ktlm/core/config.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/hash.h"
#include "ktlm/core/remove_directory.h"
#include "ktlm/model/model_dir.h"
#include "trainer_state_json.h"

namespace ktlm::train {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStateFile = "trainer_state.json";
constexpr const char* kModelFile = "model.safetensors";
constexpr const char* kOptimizerFile = "optimizer.safetensors";
constexpr const char* kNamePrefix = "step-";

fs::path checkpoints_dir(const fs::path& run_dir) { return run_dir / "checkpoints"; }

// The step of "step-000500"; none for other names (temporary directories, files of other make).
std::optional<int64_t> step_of(const std::string& name) {
  const std::string prefix = kNamePrefix;
  if (name.size() <= prefix.size() || name.size() > prefix.size() + 15 || name.rfind(prefix, 0) != 0) return {};
  int64_t step = 0;
  for (char c : name.substr(prefix.size())) {
    if (c < '0' || c > '9') return {};
    step = step * 10 + (c - '0');
  }
  return step;
}

FileHashes hash_files(const fs::path& directory) {
  return {hash_file(directory / kModelFile), hash_file(directory / kOptimizerFile)};
}

void check_hash(const fs::path& path, const std::string& expected) {
  if (hash_file(path) != expected)
    throw Error(path.string() + ": its content is not what was written (hash " + hash_file(path) + ", expected " +
                expected + "); the file is damaged");
}

// Older checkpoints are of the same optimizer: none of them is worth a try.
struct OtherOptimizer : ConfigError {
  using ConfigError::ConfigError;
};

LoadedCheckpoint load_checkpoint(const fs::path& directory, at::Device device,
                                 const OptimizerOptions& optimizer_options) {
  auto [state, hashes] = trainer_state_from_json(read_file(directory / kStateFile), (directory / kStateFile).string());
  const std::string asked = optimizer_options.muon ? "muon" : "adamw";
  if (state.identity.optimizer != asked)
    throw OtherOptimizer(directory.string() + ": can't go on with another run's checkpoint: train.optimizer was " +
                         state.identity.optimizer + ", is " + asked +
                         "; set it back, or start afresh with another --out");
  // The loaders' own words for a truncated file say more than a hash, so they come first.
  model::LanguageModel model = model::load_model(directory, device, at::kFloat);
  model.set_requires_grad(true);
  Optimizer optimizer(model.parameters(), optimizer_options);
  optimizer.load(directory / kOptimizerFile);
  check_hash(directory / kModelFile, hashes.model);
  check_hash(directory / kOptimizerFile, hashes.optimizer);
  return {std::move(model), std::move(optimizer), std::move(state)};
}

// Of the checkpoints, newest first, the first that `load` takes; of those that it throws upon, a warning each.
template <class Load>
auto load_first(const fs::path& run_dir, const std::vector<int64_t>& steps, const WarningCallback& warning,
                const Load& load) -> std::invoke_result_t<Load, const fs::path&> {
  for (size_t i = 0; i < steps.size(); ++i) {
    try {
      return load(checkpoints_dir(run_dir) / checkpoint_name(steps[i]));
    } catch (const OtherOptimizer&) {
      throw;
    } catch (const Error& error) {
      if (i + 1 == steps.size())
        throw Error(std::string(error.what()) + "; no whole checkpoint is left in " + run_dir.string() +
                    ": start again with another --out");
      if (warning) warning(std::string(error.what()) + "; going on from " + checkpoint_name(steps[i + 1]));
    }
  }
  throw Error(run_dir.string() + ": holds no checkpoint to resume from");
}

}  // namespace

double TrainerState::learning_rate_factor() const { return std::ldexp(1.0, -static_cast<int>(rollbacks)); }

std::string checkpoint_name(int64_t step) {
  char name[32];
  std::snprintf(name, sizeof name, "%s%06lld", kNamePrefix, static_cast<long long>(step));
  return name;
}

void save_checkpoint(const fs::path& run_dir, const model::LanguageModel& model, const Optimizer& optimizer,
                     const TrainerState& state, const fs::path& tokenizer_dir) {
  const std::string name = checkpoint_name(state.step);
  AtomicDirectory directory(checkpoints_dir(run_dir) / name);
  model::save_model_files(model, tokenizer_dir, directory.path());
  optimizer.save(directory.path() / kOptimizerFile);
  write_file_atomically(directory.path() / kStateFile, trainer_state_to_json(state, hash_files(directory.path())));
  directory.commit();
  write_file_atomically(run_dir / "latest", name + "\n");
}

void update_checkpoint_state(const fs::path& run_dir, const TrainerState& state) {
  const fs::path path = checkpoints_dir(run_dir) / checkpoint_name(state.step) / kStateFile;
  const auto [old_state, hashes] = trainer_state_from_json(read_file(path), path.string());
  write_file_atomically(path, trainer_state_to_json(state, hashes));
  if (state.best_step > 0) write_file_atomically(run_dir / "best", checkpoint_name(state.best_step) + "\n");
}

void name_latest_and_best(const fs::path& run_dir, const TrainerState& state) {
  write_file_atomically(run_dir / "latest", checkpoint_name(state.step) + "\n");
  std::error_code ignored;
  if (state.best_step > 0)
    write_file_atomically(run_dir / "best", checkpoint_name(state.best_step) + "\n");
  else
    fs::remove(run_dir / "best", ignored);
}

void prune_checkpoints(const fs::path& run_dir, int64_t keep, const TrainerState& state) {
  for (const int64_t step : list_checkpoints(run_dir)) {
    if (step > state.step || keep-- > 0 || step == state.best_step) continue;
    remove_directory(checkpoints_dir(run_dir) / checkpoint_name(step));  // one too many is no reason to stop
  }
}

std::vector<int64_t> list_checkpoints(const fs::path& run_dir) {
  std::vector<int64_t> steps;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(checkpoints_dir(run_dir), ignored))
    if (const auto step = step_of(entry.path().filename().string())) steps.push_back(*step);
  std::sort(steps.rbegin(), steps.rend());
  return steps;
}

int64_t windows_per_step_of(const fs::path& run_dir) {
  for (const int64_t step : list_checkpoints(run_dir)) {
    const fs::path path = checkpoints_dir(run_dir) / checkpoint_name(step) / kStateFile;
    try {
      return trainer_state_from_json(read_file(path), path.string()).first.identity.windows_per_step;
    } catch (const Error&) {
      // Whoever loads it says so, and takes the one before.
    }
  }
  return 0;
}

LoadedCheckpoint load_newest_checkpoint(const fs::path& run_dir, at::Device device,
                                        const OptimizerOptions& optimizer_options, const WarningCallback& warning) {
  return load_first(run_dir, list_checkpoints(run_dir), warning,
                    [&](const fs::path& directory) { return load_checkpoint(directory, device, optimizer_options); });
}

TrainerState restore_checkpoint(const fs::path& run_dir, int64_t last_step, model::LanguageModel& model,
                                Optimizer& optimizer, const WarningCallback& warning) {
  auto steps = list_checkpoints(run_dir);
  std::erase_if(steps, [&](int64_t step) { return step > last_step; });
  return load_first(run_dir, steps, warning, [&](const fs::path& directory) {
    const fs::path state_path = directory / kStateFile;
    auto [state, hashes] = trainer_state_from_json(read_file(state_path), state_path.string());
    check_hash(directory / kModelFile, hashes.model);
    check_hash(directory / kOptimizerFile, hashes.optimizer);
    const auto saved = model::load_model(directory, at::kCPU, at::kFloat);
    const auto from = saved.parameters(), to = model.parameters();
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < to.size(); ++i) at::Tensor(to[i].tensor).copy_(from[i].tensor);
    optimizer.load(directory / kOptimizerFile);
    return state;
  });
}

void remove_checkpoints_beyond(const fs::path& run_dir, int64_t step, const WarningCallback& warning) {
  for (const int64_t newer : list_checkpoints(run_dir)) {
    if (newer <= step) continue;
    const fs::path directory = checkpoints_dir(run_dir) / checkpoint_name(newer);
    if (const auto error = remove_directory(directory); error && warning)
      warning(directory.string() + ": can't be removed: " + system_error_text(error.value()) +
              "; remove it yourself, for --resume would go on from it");
  }
}

void check_resumable(const fs::path& run_dir, const TrainerState& state, const model::ModelConfig& state_model,
                     const RunIdentity& identity, const model::ModelConfig& model, const InputWords& was,
                     const InputWords& is) {
  std::string differences;
  const auto differs = [&](const std::string& name, const std::string& old_words, const std::string& new_words) {
    differences += (differences.empty() ? "" : ", ") + name + " was " + old_words + ", is " + new_words;
  };
  model::ModelConfig left = state_model, right = model;
  const auto left_fields = list_fields(left), right_fields = list_fields(right);
  for (size_t i = 0; i < left_fields.size(); ++i)
    if (left_fields[i].print() != right_fields[i].print())
      differs("model." + left_fields[i].name, left_fields[i].print(), right_fields[i].print());
  if (state.identity.tokenizer_hash != identity.tokenizer_hash) differs("the tokenizer", was.tokenizer, is.tokenizer);
  if (state.identity.corpus_hash != identity.corpus_hash)
    differs("the prepared corpus", was.corpus, is.corpus + (was.corpus == is.corpus ? " of other content" : ""));
  if (state.identity.seed != identity.seed)
    differs("train.seed", std::to_string(state.identity.seed), std::to_string(identity.seed));
  if (state.identity.windows_per_step != identity.windows_per_step)
    differs("micro_batch_size * grad_accum_steps * processes", std::to_string(state.identity.windows_per_step),
            std::to_string(identity.windows_per_step));
  if (state.identity.task != identity.task) differs("train.task", state.identity.task, identity.task);
  if (state.identity.init_from != identity.init_from)
    differs("train.init_from", '"' + state.identity.init_from + '"', '"' + identity.init_from + '"');
  if (!differences.empty())
    throw ConfigError(run_dir.string() + ": can't go on with another run's checkpoint: " + differences +
                      "; set them back, or start afresh with another --out");
}

}  // namespace ktlm::train
