#include "doctor_report.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "ktlm/core/json.h"
#include "ktlm/core/text_format.h"
#include "ktlm/model/device.h"
#include "ktlm/train/train_step.h"

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

  std::vector<at::ScalarType> dtypes;  // a quick look leaves some out
  for (const auto dtype : kDtypes)
    if (std::any_of(checks.begin(), checks.end(), [&](const CheckResult& result) { return result.dtype == dtype; }))
      dtypes.push_back(dtype);

  std::string text;
  const auto add_row = [&](const std::string& name, const auto& word_of) {
    char field[64];
    std::snprintf(field, sizeof field, "%-34s", name.c_str());
    std::string row = field;
    for (const auto dtype : dtypes) {
      std::snprintf(field, sizeof field, "%-9s", word_of(dtype).c_str());
      row += field;
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  };
  add_row("check", model::dtype_name);
  for (const auto& name : names) add_row(name, [&](at::ScalarType dtype) { return cell(checks, name, dtype); });
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

std::string memory_text(at::Device device, const MachineReport& machine) {
  if (device.is_mps())
    return format_bytes(machine.machine_memory_bytes) + ", shared by CPU and GPU; Metal recommends at most " +
           format_bytes(machine.device_memory_bytes) + " for the GPU, which a run may take";
  return format_bytes(machine.device_memory_bytes) + ", of which a run may take " +
         format_bytes(machine.usable_memory_bytes);
}

std::string machine_text(at::Device device, const MachineReport& machine) {
  std::string text = "memory          " + memory_text(device, machine) + "\n";
  if (machine.speed.figure) {
    std::string gemm;
    for (const auto& [dtype, flops] : machine.speed.figure->gemm)
      gemm += (gemm.empty() ? "" : ", ") + model::dtype_name(dtype) + " " + rate(flops, "FLOP");
    text += "multiplies      " + gemm + "\nreads memory    " + rate(machine.speed.figure->read_bytes_per_second, "B") +
            "\n";
  } else {
    text += "multiplies      not measured: " + machine.speed.reason + "\n";
  }
  if (machine.disk.figure)
    return text + "disk here       writes " + rate(machine.disk.figure->write_bytes_per_second, "B") + ", reads " +
           rate(machine.disk.figure->read_bytes_per_second, "B") + "\n";
  return text + "disk here       not measured: " + machine.disk.reason + "\n";
}

// A plan's time is an estimate, so two figures do.
std::string plan_time(double seconds) {
  constexpr double kDay = 24 * 3600;
  char text[32];
  std::snprintf(text, sizeof text, "%.0f days", seconds / kDay);
  return "about " + (seconds < 3 * kDay ? format_seconds(seconds) : std::string(text));
}

// "" or a line for each reason why a plan's row lacks something.
std::string plan_remarks(const PlanReport& report, at::Device device) {
  const auto& [name, model, train, processes, processes_here] = report.plan;
  std::string text;
  const int64_t num_tokens = train.micro_batch_size * model.max_seq_len;
  const int64_t max_tokens = train::max_micro_batch_tokens(device);
  if (num_tokens > max_tokens)
    text += name + ": a micro-batch of " + std::to_string(num_tokens) + " tokens, of which " +
            model::device_name(device) + " may sum over no more than " + std::to_string(max_tokens) +
            " (train refuses it)\n";
  if (report.time.figure && !report.time.figure->steady)
    text += name + ": time is unsteady; close other programs and run this again\n";
  if (!report.time.figure) text += name + ": time not measured: " + report.time.reason + "\n";
  return text;
}

// The largest by parameters of those that fit as they are; null where none does.
const PlanReport* largest_that_fits(const std::vector<PlanReport>& plans) {
  const PlanReport* largest = nullptr;
  for (const auto& plan : plans)
    if (plan.fits && (!largest || plan.plan.model.num_parameters() > largest->plan.model.num_parameters()))
      largest = &plan;
  return largest;
}

std::string plan_table(const MachineReport& machine, at::Device device) {
  char line[160];
  const auto row = [&](const char* name, const char* parameters, const char* dtype, const char* memory,
                       const char* largest, const char* speed, const char* time) {
    std::snprintf(line, sizeof line, "%-16s%-12s%-7s%-18s%-15s%-10s%s\n", name, parameters, dtype, memory, largest,
                  speed, time);
    return std::string(line);
  };
  std::string text = row("config", "parameters", "dtype", "training memory", "micro-batch", "tokens/s", "time");
  std::string remarks;
  for (const auto& plan : machine.plans) {
    const std::string largest =
        std::to_string(plan.largest_micro_batch) + " (" + std::to_string(plan.largest_with_checkpointing) + ")";
    const auto& time = plan.time.figure;
    const bool is_known = time && time->steady;  // an unsteady figure may be several times off
    text += row(plan.plan.name.c_str(), format_count(static_cast<double>(plan.plan.model.num_parameters())).c_str(),
                model::dtype_name(plan.dtype).c_str(),
                (format_bytes(plan.memory_bytes) + (plan.fits ? "" : " too much")).c_str(), largest.c_str(),
                is_known ? format_count(time->tokens_per_second).c_str() : "-",
                is_known ? plan_time(time->total_seconds).c_str() : (time ? "unsteady" : "-"));
    remarks += plan_remarks(plan, device);
  }
  const PlanReport* const largest = largest_that_fits(machine.plans);
  return text + remarks + (largest ? "largest that fits: " + largest->plan.name : "none of these fits as it is") +
         "\nmicro-batch: the most windows of max_seq_len that fit (with gradient_checkpointing). Memory is computed,\n"
         "speed and time are estimates from steps with one and two layers; validation and checkpoints come on top.\n";
}

Json speed_json(const MachineReport& machine) {
  Json json;
  if (const auto& speed = machine.speed.figure) {
    for (const auto& [dtype, flops] : speed->gemm) json["gemm_flops_per_second"][model::dtype_name(dtype)] = flops;
    json["read_bytes_per_second"] = speed->read_bytes_per_second;
  } else {
    json["not_measured"] = machine.speed.reason;
  }
  if (const auto& disk = machine.disk.figure) {
    json["disk_write_bytes_per_second"] = disk->write_bytes_per_second;
    json["disk_read_bytes_per_second"] = disk->read_bytes_per_second;
  } else {
    json["disk_not_measured"] = machine.disk.reason;
  }
  return json;
}

Json plans_json(const std::vector<PlanReport>& plans) {
  Json list = Json::array();
  for (const auto& plan : plans) {
    Json entry = {{"name", plan.plan.name},
                  {"parameters", plan.plan.model.num_parameters()},
                  {"dtype", model::dtype_name(plan.dtype)},
                  {"micro_batch_size", plan.plan.train.micro_batch_size},
                  {"training_memory_bytes", plan.memory_bytes},
                  {"fits", plan.fits},
                  {"largest_micro_batch", plan.largest_micro_batch},
                  {"largest_micro_batch_with_gradient_checkpointing", plan.largest_with_checkpointing}};
    if (const auto& time = plan.time.figure) {
      entry["estimated_seconds_per_step"] = time->seconds_per_step;
      entry["estimated_tokens_per_second"] = time->tokens_per_second;
      entry["estimated_seconds"] = time->total_seconds;
      entry["estimate_is_steady"] = time->steady;
    } else {
      entry["time_not_measured"] = plan.time.reason;
    }
    list.push_back(entry);
  }
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
  if (const auto& machine = report.machine)
    text += "\n" + machine_text(report.device, *machine) + "\n" + plan_table(*machine, report.device) + "\n";
  return text + doctor::verdict(report.device, report.checks);
}

std::string report_json(const DoctorReport& report) {
  Json json;
  json["device"] = model::device_name(report.device);
  json["computes_rightly"] = doctor::computes_rightly(report.checks);
  json["verdict"] = doctor::verdict(report.device, report.checks);
  json["checks"] = checks_json(report.checks);
  if (const auto& machine = report.machine) {
    json["machine_memory_bytes"] = machine->machine_memory_bytes;
    json["memory_bytes"] = machine->device_memory_bytes;
    json["usable_memory_bytes"] = machine->usable_memory_bytes;
    json["speed"] = speed_json(*machine);
    json["configs"] = plans_json(machine->plans);
    const PlanReport* const largest = largest_that_fits(machine->plans);
    json["largest_that_fits"] = largest ? Json(largest->plan.name) : Json(nullptr);
  }
  return to_json_line(json);
}

}  // namespace ktlm::cli
