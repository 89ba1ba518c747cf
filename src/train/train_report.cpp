#include "ktlm/train/train_report.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <map>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/html_page.h"
#include "ktlm/core/line_chart.h"
#include "ktlm/core/text_format.h"
#include "run_charts.h"
#include "run_samples.h"

namespace ktlm::train {

namespace fs = std::filesystem;

namespace {

std::string three_decimals(double value) {
  if (!std::isfinite(value)) return "–";
  char text[64];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

Html number(std::string text) { return Html::text(text); }

const ValidationReport* best_validation(const RunHistory& run) {
  const ValidationReport* best = nullptr;
  for (const ValidationReport& validation : run.validations) {
    if (std::isfinite(validation.loss) && (best == nullptr || validation.loss < best->loss)) best = &validation;
  }
  return best;
}

// NaN where none was reported.
double median_speed(const RunHistory& run) {
  std::vector<double> speeds;
  for (const StepReport& report : run.reports)
    if (std::isfinite(report.tokens_per_second)) speeds.push_back(report.tokens_per_second);
  if (speeds.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = speeds.begin() + static_cast<std::ptrdiff_t>(speeds.size() / 2);
  std::nth_element(speeds.begin(), middle, speeds.end());
  return *middle;
}

int64_t last_step(const RunHistory& run) {
  const int64_t reported = run.reports.empty() ? 0 : run.reports.back().step;
  return std::max(reported, run.validations.empty() ? 0 : run.validations.back().step);
}

std::string speed_text(double speed) {
  return std::isfinite(speed) ? format_grouped(std::llround(speed)) : std::string("–");
}

std::string at_step(int64_t step) { return "at step " + format_grouped(step); }

// "12m10s, 3m05s to go".
std::string time_note(const RunHistory& run) {
  const double seconds = run.reports.empty() ? 0 : run.reports.back().training_seconds, speed = median_speed(run);
  std::string note = format_seconds(seconds) + " of training";
  const int64_t steps_left = run.max_steps - last_step(run);
  if (steps_left > 0 && speed > 0 && run.tokens_per_step > 0)
    note += ", " + format_seconds(static_cast<double>(steps_left) * run.tokens_per_step / speed) + " to the end";
  return note;
}

Html key_figures(const RunHistory& run) {
  std::vector<KeyFigure> figures = {
      {format_grouped(last_step(run)),
       run.max_steps > 0 ? "of " + format_grouped(run.max_steps) + " steps" : std::string("steps"), time_note(run)}};
  if (!run.reports.empty()) {
    const StepReport& last = run.reports.back();
    figures.push_back({three_decimals(last.loss), "training loss", at_step(last.step) + ", nats per token"});
  }
  if (const ValidationReport* best = best_validation(run); best != nullptr) {
    figures.push_back({three_decimals(best->loss), "best validation loss",
                       at_step(best->step) + ", perplexity " + format_measured(best->perplexity)});
    figures.push_back({three_decimals(best->bits_per_byte), "bits per byte there", "of validation text"});
  }
  if (!run.reports.empty()) {
    std::string seen;
    if (run.tokens_per_step > 0)
      seen = format_count(static_cast<double>(run.reports.back().step) * run.tokens_per_step) + " tokens seen";
    figures.push_back({speed_text(median_speed(run)), "tokens/s, median", seen});
  }
  return html_key_figures(figures);
}

Html runs_table(const std::vector<RunHistory>& runs, const std::vector<std::string>& names) {
  std::vector<std::vector<Html>> rows;
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunHistory& run = runs[i];
    const ValidationReport* best = best_validation(run);
    const std::string of_all = run.max_steps > 0 ? " / " + format_grouped(run.max_steps) : "";
    rows.push_back({html_element("span", line_swatch(i) + Html::text(names[i]), "name"),
                    number(format_grouped(last_step(run)) + of_all),
                    number(run.reports.empty() ? "–" : three_decimals(run.reports.back().loss)),
                    number(best == nullptr ? "–" : three_decimals(best->loss)),
                    number(best == nullptr ? "–" : format_grouped(best->step)),
                    number(best == nullptr ? "–" : three_decimals(best->bits_per_byte)),
                    number(speed_text(median_speed(run))),
                    number(run.reports.empty() ? "–" : format_seconds(run.reports.back().training_seconds))});
  }
  return html_table({{"run"},
                     {"steps", true},
                     {"training loss", true},
                     {"best validation", true},
                     {"at step", true},
                     {"bits per byte", true},
                     {"tokens/s", true},
                     {"time", true}},
                    rows);
}

Html differences(const std::vector<RunHistory>& runs, const std::vector<std::string>& names) {
  std::vector<std::string> keys;  // in the order of the first run that has them
  for (const RunHistory& run : runs) {
    for (const auto& [key, value] : run.settings)
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  }
  std::vector<std::vector<Html>> rows;
  for (const std::string& key : keys) {
    std::vector<Html> row = {Html::text(key)};
    bool differs = false;
    const std::string* first = runs.front().find_setting(key);
    for (const RunHistory& run : runs) {
      const std::string* value = run.find_setting(key);
      differs = differs || (value == nullptr) != (first == nullptr) || (value != nullptr && *value != *first);
      row.push_back(Html::text(value == nullptr ? "–" : *value));
    }
    if (differs) rows.push_back(std::move(row));
  }
  if (rows.empty()) return html_element("p", Html::text("All settings are the same."), "quiet");
  std::vector<TableColumn> columns = {{"setting"}};
  for (const std::string& name : names) columns.push_back({name});
  const size_t same = keys.size() - rows.size();
  return html_table(columns, rows) +
         html_element("p", Html::text(format_grouped(static_cast<int64_t>(same)) + " other settings are the same."),
                      "quiet");
}

Html configuration(const std::vector<RunHistory>& runs, const std::vector<std::string>& names) {
  Html body;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].config_yaml.empty()) continue;
    body += html_details(Html::text(names[i] + ": config.yaml"), html_element("pre", Html::text(runs[i].config_yaml)));
  }
  return body.empty() ? html_element("p", Html::text("No config.yaml was there."), "quiet") : body;
}

// The directory's name, or the whole path where two are called alike.
std::vector<std::string> names_of(const std::vector<RunHistory>& runs) {
  std::vector<std::string> names;
  std::map<std::string, int> uses;
  for (const RunHistory& run : runs) {
    std::error_code failed;  // "." has a name as well
    fs::path path = fs::canonical(run.directory, failed);
    if (failed) path = run.directory.lexically_normal();
    names.push_back(path.has_filename() ? path.filename().string() : path.string());
    ++uses[names.back()];
  }
  for (size_t i = 0; i < runs.size(); ++i)
    if (uses[names[i]] > 1) names[i] = runs[i].directory.string();
  return names;
}

std::string subtitle_of(const std::vector<RunHistory>& runs) {
  std::string directories;
  int64_t unreadable = 0;
  for (const RunHistory& run : runs) {
    directories += (directories.empty() ? "" : ", ") + run.directory.string();
    unreadable += run.unreadable_lines;
  }
  return unreadable == 0
             ? directories
             : directories + " (" + format_grouped(unreadable) + " damaged lines of metrics.jsonl left out)";
}

}  // namespace

std::string run_report_page(const std::vector<RunHistory>& runs) {
  const std::vector<std::string> names = names_of(runs);
  const bool is_one = runs.size() == 1;
  Html body = is_one ? key_figures(runs.front()) : runs_table(runs, names);
  body += html_section("Curves", run_charts(runs, names));
  if (const Html samples = run_samples(runs, names); !samples.empty()) body += html_section("Samples", samples);
  if (!is_one) body += html_section("Differences in configuration", differences(runs, names));
  body += html_section("Configuration", configuration(runs, names));
  const std::string title =
      is_one ? "Training run " + names.front() : format_grouped(static_cast<int64_t>(runs.size())) + " training runs";
  return html_page(title, subtitle_of(runs), body);
}

fs::path write_run_report(const std::vector<fs::path>& run_dirs, const fs::path& out_dir) {
  std::vector<RunHistory> runs;
  for (const fs::path& run_dir : run_dirs) {
    runs.push_back(read_run_history(run_dir));
    if (!runs.back().has_report())
      throw Error((run_dir / "metrics.jsonl").string() +
                  ": holds no report yet; the first comes after train.log_every_steps steps");
  }
  const fs::path path = out_dir / kRunReportName;
  write_file_atomically(path, run_report_page(runs));
  return path;
}

void try_write_run_report(const fs::path& run_dir, const WarningCallback& warning) {
  try {
    const RunHistory run = read_run_history(run_dir);
    if (run.has_report()) write_file_atomically(run_dir / kRunReportName, run_report_page({run}));
  } catch (const std::exception& error) {
    if (warning) warning(std::string("no report was written: ") + error.what() + "; the run does not need it");
  }
}

}  // namespace ktlm::train
