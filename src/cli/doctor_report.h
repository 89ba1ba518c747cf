// What ktlm doctor found, as a table for people and as one JSON object.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ktlm/doctor/measured.h"
#include "ktlm/doctor/self_test.h"
#include "ktlm/doctor/speed.h"
#include "ktlm/doctor/training_plan.h"

namespace ktlm::cli {

/// What a training plan asks of this machine.
struct PlanReport {
  doctor::TrainingPlan plan;
  at::ScalarType dtype;  // of the products
  int64_t memory_bytes;  // of a step as planned
  bool fits;
  int64_t largest_micro_batch, largest_with_checkpointing;
  doctor::Measured<doctor::TrainingTime> time;
};

struct MachineReport {
  // What there is for people to see, of the device (on MPS what Metal recommends at most), and of that for a run.
  int64_t machine_memory_bytes, device_memory_bytes, usable_memory_bytes;
  doctor::Measured<doctor::MachineSpeed> speed;
  doctor::Measured<doctor::DiskSpeed> disk;
  std::vector<PlanReport> plans;
};

struct DoctorReport {
  at::Device device;
  std::vector<doctor::CheckResult> checks;
  std::optional<MachineReport> machine;  // where the device computes rightly, and not of a quick look
};

/// Several lines, the last of which is the verdict.
std::string report_text(const DoctorReport& report);
std::string report_json(const DoctorReport& report);

}  // namespace ktlm::cli
