// What ktlm doctor found, as a table for people and as one JSON object.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "ktlm/doctor/self_test.h"

namespace ktlm::cli {

struct DoctorReport {
  at::Device device;
  std::vector<doctor::CheckResult> checks;
};

/// Several lines, the last of which is the verdict.
std::string report_text(const DoctorReport& report);
std::string report_json(const DoctorReport& report);

}  // namespace ktlm::cli
