// What ktlm doctor found, as a table for people and as one JSON object.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ktlm/doctor/self_test.h"
#include "ktlm/doctor/speed.h"
#include "ktlm/doctor/training_plan.h"

namespace ktlm::cli {

/// What a training plan asks of this machine.
struct PlanReport {
  doctor::TrainingPlan plan;
  int64_t memory_bytes;  // of a step as planned
  int64_t largest_micro_batch, largest_with_checkpointing;
  doctor::TrainingTime time;
};

struct DoctorReport {
  at::Device device;
  std::vector<doctor::CheckResult> checks;
  // Of a device that computes rightly, and not of a quick look:
  int64_t memory_bytes = 0, usable_memory_bytes = 0;
  std::optional<doctor::MachineSpeed> speed;
  std::vector<PlanReport> plans;
};

/// Several lines, the last of which is the verdict.
std::string report_text(const DoctorReport& report);
std::string report_json(const DoctorReport& report);

}  // namespace ktlm::cli
