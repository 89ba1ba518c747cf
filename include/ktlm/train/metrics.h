// What a training run says about itself, kept twice: metrics.jsonl, a line per report, for scripts; a TensorBoard event
// file, for curves. After a resume both hold each step once: lines beyond the resumed step are cut from metrics.jsonl,
// and the new event file tells TensorBoard to forget them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ktlm::train {

/// Where a run goes on: behind the checkpoint of `step`, whose state knows of validations up to `validated_step`.
struct ResumePoint {
  int64_t step = 0;  // 0: starts afresh
  int64_t validated_step = 0;
};

class MetricsWriter {
 public:
  /// Opens <run_dir>/metrics.jsonl and starts <run_dir>/events.out.tfevents.<...>; makes the directory. A run that
  /// goes on keeps the reports up to there; those of a validation that the checkpoint does not know of, since the run
  /// was killed in it, are made again. Throws Error.
  static MetricsWriter open(const std::filesystem::path& run_dir, const ResumePoint& from);
  /// Keeps nothing: of a process that is not the one to write.
  MetricsWriter();
  MetricsWriter(MetricsWriter&&) noexcept;
  MetricsWriter& operator=(MetricsWriter&&) noexcept;
  ~MetricsWriter();

  /// One report, {"step":10,"time":1700000000.5,"train/loss":3.2,...}; a value that is not finite is written as null.
  /// `wall_time` in seconds since 1970. Handed to the system at once, so that kill -9 loses nothing. Throws Error.
  void scalars(int64_t step, double wall_time, const std::vector<std::pair<std::string, double>>& values);
  /// Text, such as a sample generation, shown by TensorBoard as Markdown. Throws Error.
  void text(int64_t step, const std::string& tag, const std::string& text);
  /// The configuration of a run that starts or goes on, shown by TensorBoard as text; for scripts there is config.yaml.
  /// Throws Error.
  void config(int64_t step, const std::string& yaml);
  /// Syncs both files to the disk: call it before a checkpoint, which would otherwise survive a power cut without them.
  void flush();

 private:
  struct Impl;
  explicit MetricsWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Seconds since 1970, with fractions: the wall time of a report.
double wall_time_seconds();

}  // namespace ktlm::train
