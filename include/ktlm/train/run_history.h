// What a training run has told so far: metrics.jsonl and config.yaml of its directory, for people to look at. Reads
// what is there, whatever ended the run or goes on with it meanwhile. Without libtorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace ktlm::train {

/// A value that the run wrote as null, or not at all, is NaN.
struct StepReport {
  int64_t step = 0;
  double time = 0;  // seconds since 1970
  double loss = 0;  // nats per token
  double learning_rate = 0, gradient_norm = 0, tokens_per_second = 0, memory_bytes = 0;
  double training_seconds = 0;  // since the run began; see RunHistory
};

struct ValidationReport {
  int64_t step = 0;
  double loss = 0, perplexity = 0, bits_per_byte = 0;
};

struct SampleReport {
  int64_t step = 0;
  std::string prompt, text;  // the text begins with the prompt
};

/// Each kind by rising steps: where a step comes again, the run went on from before it, and what came later holds.
/// Seconds of training leave out validations, checkpoints and the time between a stop and its --resume. Where
/// config.yaml does not tell the tokens per step they are those of the clock.
struct RunHistory {
  std::filesystem::path directory;
  std::vector<StepReport> reports;
  std::vector<ValidationReport> validations;
  std::vector<SampleReport> samples;
  int64_t unreadable_lines = 0;  // damaged; the torn last line of a run that was killed, or just writes, is none

  std::string config_yaml;                                    // as it stands; empty: none
  std::vector<std::pair<std::string, std::string>> settings;  // "train.max_steps", "1200"; none where damaged
  int64_t max_steps = 0;                                      // 0: not known
  double tokens_per_step = 0;                                 // 0: not known
  bool has_report() const { return !reports.empty() || !validations.empty(); }

  /// Null where `key` is not set.
  const std::string* find_setting(const std::string& key) const;
  /// Training seconds when the run stood at `step`, between the reports around it.
  double seconds_at(int64_t step) const;
};

/// Throws ConfigError where `run_dir` is no run directory.
RunHistory read_run_history(const std::filesystem::path& run_dir);

}  // namespace ktlm::train
