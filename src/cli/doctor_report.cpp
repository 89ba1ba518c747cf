#include "doctor_report.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "ktlm/core/json.h"
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

}  // namespace

std::string report_text(const DoctorReport& report) {
  std::string text = check_table(report.checks);
  std::string told;  // the first fault of each check stands for its others
  for (const auto& result : report.checks) {
    if (result.outcome != Outcome::kWrong || result.name == told) continue;
    told = result.name;
    text += "wrong: " + doctor::describe(result) + "\n";
  }
  return text + doctor::verdict(report.device, report.checks);
}

std::string report_json(const DoctorReport& report) {
  Json json;
  json["device"] = report.device.str();
  json["computes_rightly"] = doctor::computes_rightly(report.checks);
  json["verdict"] = doctor::verdict(report.device, report.checks);
  json["checks"] = checks_json(report.checks);
  return to_json_line(json);
}

}  // namespace ktlm::cli
