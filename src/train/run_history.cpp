#include "ktlm/train/run_history.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string_view>

#include "ktlm/core/config.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/hash.h"
#include "ktlm/core/json.h"
#include "ktlm/core/path_status.h"

namespace ktlm::train {

namespace fs = std::filesystem;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kSamplePrefix = "sample/";

double number_of(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_number() ? found->get<double>() : kNaN;
}

template <class Report>
void append(std::vector<Report>& reports, Report report) {
  while (!reports.empty() && reports.back().step >= report.step) reports.pop_back();
  reports.push_back(std::move(report));
}

void append_sample(std::vector<SampleReport>& samples, SampleReport sample) {
  while (!samples.empty() && samples.back().step > sample.step) samples.pop_back();
  // One step has several prompts.
  for (auto at = samples.rbegin(); at != samples.rend() && at->step == sample.step; ++at) {
    if (at->prompt != sample.prompt) continue;
    at->text = std::move(sample.text);
    return;
  }
  samples.push_back(std::move(sample));
}

// False where the line is none of a run's.
bool add_line(RunHistory& run, const std::string& text) {
  const Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!line.is_object()) return false;
  const auto step_member = line.find("step");
  if (step_member == line.end() || !step_member->is_number_integer()) return false;
  const auto step = step_member->get<int64_t>();
  if (step < 0) return false;
  if (line.contains("train/loss")) {
    append(run.reports, {.step = step,
                         .time = number_of(line, "time"),
                         .loss = number_of(line, "train/loss"),
                         .learning_rate = number_of(line, "train/learning_rate"),
                         .gradient_norm = number_of(line, "train/gradient_norm"),
                         .tokens_per_second = number_of(line, "train/tokens_per_second"),
                         .memory_bytes = number_of(line, "train/memory_bytes")});
  }
  if (line.contains("val/loss"))
    append(run.validations, {step, number_of(line, "val/loss"), number_of(line, "val/perplexity"),
                             number_of(line, "val/bits_per_byte")});
  for (const auto& [key, value] : line.items()) {
    if (key.starts_with(kSamplePrefix) && value.is_string())
      append_sample(run.samples, {step, key.substr(kSamplePrefix.size()), value.get<std::string>()});
  }
  return true;
}

void read_metrics(RunHistory& run) {
  const fs::path path = run.directory / "metrics.jsonl";
  if (!path_exists(path)) return;
  std::ifstream lines(path, std::ios::binary);
  if (!lines) throw Error(path.string() + ": can't be read: " + system_error_text(errno));
  for (std::string line; std::getline(lines, line);) {
    const bool is_torn = lines.eof();  // no newline behind it
    if (!add_line(run, line) && !is_torn && !line.empty()) ++run.unreadable_lines;
  }
}

std::string printed(const ConfigValue& value) {
  std::string text;
  for (const std::string& scalar : value.scalars) text += (text.empty() ? "" : ", ") + scalar;
  return value.is_list ? "[" + text + "]" : text;
}

int64_t whole_number(const RunHistory& run, const char* key) {
  const std::string* text = run.find_setting(key);
  return text == nullptr ? 0 : std::strtoll(text->c_str(), nullptr, 10);
}

// Null where the file is not there or damaged: the page shows what there is.
Json inputs_of(const RunHistory& run) {
  try {
    return read_json_file((run.directory / "inputs.json").string());
  } catch (const Error&) {
    return nullptr;
  }
}

void read_config(RunHistory& run) {
  const fs::path path = run.directory / "config.yaml";
  if (!path_exists(path)) return;
  run.config_yaml = read_file(path);
  const Json inputs = inputs_of(run);
  try {
    ConfigTree tree;
    tree.add_file(path.string());
    for (const char* section : {"model", "train", "sampling"}) {
      for (const std::string& key : tree.keys(section))
        run.settings.emplace_back(std::string(section) + "." + key, printed(*tree.find(section, key)));
    }
    run.settings.emplace_back("data", json_get<std::string>(inputs, "data", ""));
    // Not its path, which --resume changes to the run's own copy.
    run.settings.emplace_back("hash of tokenizer.model", hash_file(run.directory / "tokenizer" / "tokenizer.model"));
  } catch (const Error&) {
    // Damaged, or edited by hand: the page shows what there is.
  }
  run.max_steps = whole_number(run, "train.max_steps");
  // Of all processes; in runs of earlier versions, which do not say it, of one.
  double windows_per_step = number_of(inputs, "windows_per_step");
  if (!(windows_per_step > 0))
    windows_per_step = static_cast<double>(whole_number(run, "train.micro_batch_size")) *
                       static_cast<double>(whole_number(run, "train.grad_accum_steps"));
  run.tokens_per_step = windows_per_step * static_cast<double>(whole_number(run, "model.max_seq_len"));
}

void measure_time(RunHistory& run) {
  double seconds = 0, speed = kNaN;
  const StepReport* former = nullptr;
  for (StepReport& report : run.reports) {
    if (run.tokens_per_step > 0) {
      if (report.tokens_per_second > 1e-3) speed = report.tokens_per_second;
      const int64_t steps = report.step - (former == nullptr ? 0 : former->step);
      if (speed > 0) seconds += static_cast<double>(steps) * run.tokens_per_step / speed;
    } else if (former != nullptr && report.time > former->time) {
      seconds += report.time - former->time;
    }
    report.training_seconds = seconds;
    former = &report;
  }
}

}  // namespace

const std::string* RunHistory::find_setting(const std::string& key) const {
  const auto found = std::ranges::find(settings, key, &std::pair<std::string, std::string>::first);
  return found == settings.end() ? nullptr : &found->second;
}

double RunHistory::seconds_at(int64_t step) const {
  const auto after = std::ranges::lower_bound(reports, step, {}, &StepReport::step);
  if (after == reports.end()) return reports.empty() ? 0 : reports.back().training_seconds;
  const StepReport before = after == reports.begin() ? StepReport{} : *(after - 1);
  if (after->step <= before.step) return after->training_seconds;
  const double share = static_cast<double>(step - before.step) / static_cast<double>(after->step - before.step);
  return before.training_seconds + share * (after->training_seconds - before.training_seconds);
}

RunHistory read_run_history(const fs::path& run_dir) {
  if (!directory_exists(run_dir) || !(path_exists(run_dir / "metrics.jsonl") || path_exists(run_dir / "config.yaml")))
    throw ConfigError(
        run_dir.string() +
        ": no run directory (neither metrics.jsonl nor config.yaml there); name one that ktlm train made, "
        "such as runs/small");
  RunHistory run;
  run.directory = run_dir;
  read_config(run);
  read_metrics(run);
  measure_time(run);
  return run;
}

}  // namespace ktlm::train
