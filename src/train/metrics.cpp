#include "ktlm/train/metrics.h"

#include <chrono>
#include <cmath>
#include <system_error>

#include "append_file.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/core/path_status.h"
#include "tensorboard.h"

namespace ktlm::train {

namespace fs = std::filesystem;

namespace {

bool is_of_validation(const Json& report) {
  for (const auto& [key, value] : report.items())
    if (key.starts_with("val/") || key.starts_with("sample/")) return true;
  return false;
}

bool is_kept(std::string_view line, const ResumePoint& from) {
  try {
    const Json report = parse_json(line, "report");
    const auto step = json_get<int64_t>(report, "step", "report");
    return step <= from.step && (step <= from.validated_step || !is_of_validation(report));
  } catch (const Error&) {
    return false;  // torn by a power cut; no reason not to go on with the run
  }
}

// The reports that stay. A last line without a newline was torn by the end of the process.
std::string kept_reports(const std::string& content, const ResumePoint& from) {
  std::string kept;
  for (size_t begin = 0, end; (end = content.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view line(content.data() + begin, end - begin);
    if (is_kept(line, from)) kept.append(line).append("\n");
  }
  return kept;
}

// Leaves in metrics.jsonl what the resumed run keeps, and gives its path.
fs::path trimmed_metrics_file(const fs::path& run_dir, const ResumePoint& from) {
  const fs::path path = run_dir / "metrics.jsonl";
  if (!path_exists(path)) return path;
  const std::string content = read_file(path);
  const std::string kept = from.step > 0 ? kept_reports(content, from) : "";
  if (kept != content) write_file_atomically(path, kept);
  return path;
}

void remove_event_files(const fs::path& run_dir) {
  for (const auto& entry : fs::directory_iterator(run_dir)) {
    std::error_code ignored;
    if (entry.path().filename().string().starts_with("events.out.tfevents.")) fs::remove(entry.path(), ignored);
  }
}

Json report_at(int64_t step, double wall_time) { return {{"step", step}, {"time", wall_time}}; }

}  // namespace

double wall_time_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

struct MetricsWriter::Impl {
  AppendFile lines;
  EventFile events;
};

MetricsWriter MetricsWriter::open(const fs::path& run_dir, const ResumePoint& from) {
  make_directories(run_dir);
  if (from.step <= 0) remove_event_files(run_dir);
  const fs::path metrics_path = trimmed_metrics_file(run_dir, from);
  Impl impl{AppendFile(metrics_path), EventFile(run_dir, from.step + 1, wall_time_seconds())};
  return MetricsWriter(std::make_unique<Impl>(std::move(impl)));
}

MetricsWriter::MetricsWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsWriter::MetricsWriter() = default;
MetricsWriter::MetricsWriter(MetricsWriter&&) noexcept = default;
MetricsWriter& MetricsWriter::operator=(MetricsWriter&&) noexcept = default;
MetricsWriter::~MetricsWriter() = default;

void MetricsWriter::scalars(int64_t step, double wall_time, const std::vector<std::pair<std::string, double>>& values) {
  if (!impl_) return;
  Json report = report_at(step, wall_time);
  for (const auto& [name, value] : values) report[name] = std::isfinite(value) ? Json(value) : Json(nullptr);
  impl_->lines.append(to_json_line(report) + "\n");
  impl_->events.scalars(step, wall_time, values);
}

void MetricsWriter::text(int64_t step, const std::string& tag, const std::string& text) {
  if (!impl_) return;
  const double wall_time = wall_time_seconds();
  Json report = report_at(step, wall_time);
  report[tag] = text;
  impl_->lines.append(to_json_line(report) + "\n");
  impl_->events.text(step, wall_time, tag, text);
}

void MetricsWriter::config(int64_t step, const std::string& yaml) {
  if (impl_) impl_->events.text(step, wall_time_seconds(), "config", "```yaml\n" + yaml + "```\n");
}

void MetricsWriter::flush() {
  if (!impl_) return;
  impl_->lines.sync();
  impl_->events.sync();
}

}  // namespace ktlm::train
