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

class MetricsWriter {
 public:
  /// Opens <run_dir>/metrics.jsonl and starts <run_dir>/events.out.tfevents.<...>; makes the directory. A run resumed
  /// from the checkpoint of step `resume_step` keeps the reports up to it; 0 starts afresh. Throws Error.
  static MetricsWriter open(const std::filesystem::path& run_dir, int64_t resume_step);
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
