#include "doctor_report.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "ktlm/core/json.h"
#include "ktlm/core/text_format.h"
#include "ktlm/model/device.h"

namespace ktlm::cli {

namespace {

using doctor::CheckResult;
using doctor::Outcome;

constexpr std::array kDtypes = {at::kFloat, at::kBFloat16, at::kHalf};

const char* outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kRight:
      return "right";
    case Outcome::kWrong:
      return "wrong";
    case Outcome::kNotSupported:
      return "not supported";
  }
  return "";
}

// All aspects of one check in one dtype in a word; "" where there was no such check.
std::string cell(const std::vector<CheckResult>& checks, const std::string& name, at::ScalarType dtype) {
  std::string word;
  for (const auto& result : checks) {
    if (result.name != name || result.dtype != dtype) continue;
    if (result.outcome == Outcome::kWrong) return "WRONG";
    if (word.empty() || result.outcome == Outcome::kNotSupported)
      word = result.outcome == Outcome::kRight ? "right" : "none";
  }
  return word;
}

std::string check_table(const std::vector<CheckResult>& checks) {
  std::vector<std::string> names;
  for (const auto& result : checks)
    if (std::find(names.begin(), names.end(), result.name) == names.end()) names.push_back(result.name);

  char line[128];
  std::snprintf(line, sizeof line, "%-34s%-9s%-9s%-9s\n", "check", "fp32", "bf16", "fp16");
  std::string text = line;
  for (const auto& name : names) {
    std::string cells[kDtypes.size()];
    for (size_t i = 0; i < kDtypes.size(); ++i) cells[i] = cell(checks, name, kDtypes[i]);
    std::snprintf(line, sizeof line, "%-34s%-9s%-9s%-9s", name.c_str(), cells[0].c_str(), cells[1].c_str(),
                  cells[2].c_str());
    const std::string row = line;
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

Json checks_json(const std::vector<CheckResult>& checks) {
  Json list = Json::array();
  for (const auto& result : checks) {
    Json entry = {{"name", result.name},
                  {"aspect", result.aspect},
                  {"dtype", model::dtype_name(result.dtype)},
                  {"outcome", outcome_name(result.outcome)},
                  {"error", result.error},
                  {"tolerance", result.tolerance}};
    if (!result.detail.empty()) entry["detail"] = result.detail;
    list.push_back(entry);
  }
  return list;
}

std::string rate(double per_second, const char* unit) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g G%s/s", per_second / 1e9, unit);
  return text;
}

std::string machine_text(const DoctorReport& report) {
  std::string gemm;
  for (const auto& [dtype, flops] : report.speed->gemm)
    gemm += (gemm.empty() ? "" : ", ") + model::dtype_name(dtype) + " " + rate(flops, "FLOP");
  return "memory          " + format_bytes(report.memory_bytes) + ", of which a run may take " +
         format_bytes(report.usable_memory_bytes) + "\nmultiplies      " + gemm + "\nreads memory    " +
         rate(report.speed->read_bytes_per_second, "B") + "\ndisk here       writes " +
         rate(report.speed->disk.write_bytes_per_second, "B") + ", reads " +
         rate(report.speed->disk.read_bytes_per_second, "B") + "\n";
}

// A plan's time is an estimate, so two figures do.
std::string plan_time(double seconds) {
  constexpr double kDay = 24 * 3600;
  char text[32];
  std::snprintf(text, sizeof text, "%.0f days", seconds / kDay);
  return "about " + (seconds < 3 * kDay ? format_seconds(seconds) : std::string(text));
}

std::string plan_table(const DoctorReport& report) {
  char line[160];
  const auto row = [&](const char* name, const char* parameters, const char* dtype, const char* memory,
                       const char* largest, const char* speed, const char* time) {
    std::snprintf(line, sizeof line, "%-16s%-12s%-7s%-18s%-15s%-10s%s\n", name, parameters, dtype, memory, largest,
                  speed, time);
    return std::string(line);
  };
  std::string text = row("config", "parameters", "dtype", "training memory", "micro-batch", "tokens/s", "time");
  for (const auto& plan : report.plans) {
    const bool fits = plan.memory_bytes <= report.usable_memory_bytes;
    const std::string largest =
        std::to_string(plan.largest_micro_batch) + " (" + std::to_string(plan.largest_with_checkpointing) + ")";
    text += row(plan.plan.name.c_str(), format_count(static_cast<double>(plan.plan.model.num_parameters())).c_str(),
                model::dtype_name(plan.time.dtype).c_str(),
                (format_bytes(plan.memory_bytes) + (fits ? "" : " too much")).c_str(), largest.c_str(),
                format_count(plan.time.tokens_per_second).c_str(), plan_time(plan.time.total_seconds).c_str());
  }
  return text +
         "micro-batch: the most windows of max_seq_len that fit (with gradient_checkpointing). Memory is computed,\n"
         "speed and time are estimates from steps with one and two layers; validation and checkpoints come on top.\n";
}

Json speed_json(const doctor::MachineSpeed& speed) {
  Json gemm;
  for (const auto& [dtype, flops] : speed.gemm) gemm[model::dtype_name(dtype)] = flops;
  return {{"gemm_flops_per_second", gemm},
          {"read_bytes_per_second", speed.read_bytes_per_second},
          {"disk_write_bytes_per_second", speed.disk.write_bytes_per_second},
          {"disk_read_bytes_per_second", speed.disk.read_bytes_per_second}};
}

Json plans_json(const DoctorReport& report) {
  Json list = Json::array();
  for (const auto& plan : report.plans)
    list.push_back({{"name", plan.plan.name},
                    {"parameters", plan.plan.model.num_parameters()},
                    {"dtype", model::dtype_name(plan.time.dtype)},
                    {"micro_batch_size", plan.plan.train.micro_batch_size},
                    {"training_memory_bytes", plan.memory_bytes},
                    {"fits", plan.memory_bytes <= report.usable_memory_bytes},
                    {"largest_micro_batch", plan.largest_micro_batch},
                    {"largest_micro_batch_with_gradient_checkpointing", plan.largest_with_checkpointing},
                    {"estimated_seconds_per_step", plan.time.seconds_per_step},
                    {"estimated_tokens_per_second", plan.time.tokens_per_second},
                    {"estimated_seconds", plan.time.total_seconds}});
  return list;
}

}  // namespace

std::string report_text(const DoctorReport& report) {
  std::string text = check_table(report.checks);
  std::string told;  // the first fault of each check stands for its others
  for (const auto& result : report.checks) {
    if (result.outcome != Outcome::kWrong || result.name == told) continue;
    told = result.name;
    text += "wrong: " + doctor::describe(result) + "\n";
  }
  if (report.speed) text += "\n" + machine_text(report) + "\n" + plan_table(report) + "\n";
  return text + doctor::verdict(report.device, report.checks);
}

std::string report_json(const DoctorReport& report) {
  Json json;
  json["device"] = report.device.str();
  json["computes_rightly"] = doctor::computes_rightly(report.checks);
  json["verdict"] = doctor::verdict(report.device, report.checks);
  json["checks"] = checks_json(report.checks);
  if (report.speed) {
    json["memory_bytes"] = report.memory_bytes;
    json["usable_memory_bytes"] = report.usable_memory_bytes;
    json["speed"] = speed_json(*report.speed);
    json["configs"] = plans_json(report);
  }
  return to_json_line(json);
}

}  // namespace ktlm::cli
