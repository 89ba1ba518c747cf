#include "ktlm/train/metrics.h"

#include <chrono>
#include <cmath>
#include <system_error>

#include "append_file.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "tensorboard.h"

namespace ktlm::train {

namespace fs = std::filesystem;

namespace {

bool is_report_up_to(std::string_view line, int64_t last_step) {
  try {
    return json_get<int64_t>(parse_json(line, "report"), "step", "report") <= last_step;
  } catch (const Error&) {
    return false;  // torn by a power cut; no reason not to go on with the run
  }
}

// The reports of steps up to `last_step`. A last line without a newline was torn by the end of the process.
std::string reports_up_to(const std::string& content, int64_t last_step) {
  std::string kept;
  for (size_t begin = 0, end; (end = content.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string_view line(content.data() + begin, end - begin);
    if (is_report_up_to(line, last_step)) kept.append(line).append("\n");
  }
  return kept;
}

// Leaves in metrics.jsonl what a run resumed from `resume_step` keeps, and gives its path.
fs::path trimmed_metrics_file(const fs::path& run_dir, int64_t resume_step) {
  const fs::path path = run_dir / "metrics.jsonl";
  if (!fs::exists(path)) return path;
  const std::string content = read_file(path);
  const std::string kept = resume_step > 0 ? reports_up_to(content, resume_step) : "";
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

MetricsWriter MetricsWriter::open(const fs::path& run_dir, int64_t resume_step) {
  make_directories(run_dir);
  if (resume_step <= 0) remove_event_files(run_dir);
  const fs::path metrics_path = trimmed_metrics_file(run_dir, resume_step);
  Impl impl{AppendFile(metrics_path), EventFile(run_dir, resume_step + 1, wall_time_seconds())};
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

void MetricsWriter::flush() {
  if (!impl_) return;
  impl_->lines.sync();
  impl_->events.sync();
}

}  // namespace ktlm::train
