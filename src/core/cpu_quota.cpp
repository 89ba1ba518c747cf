#include "cpu_quota.h"

#include <algorithm>
#include <fstream>

#include "control_groups.h"

namespace ktlm {

namespace {

namespace fs = std::filesystem;

// 0 where the group has none: "max" in version 2, -1 in version 1.
int64_t cores_of_group(const fs::path& group) {
  int64_t quota = 0, period = 0;  // microseconds
  if (std::ifstream file(group / "cpu.max"); !(file >> quota >> period)) {
    quota = period = 0;
    std::ifstream(group / "cpu.cfs_quota_us") >> quota;
    std::ifstream(group / "cpu.cfs_period_us") >> period;
  }
  return quota > 0 && period > 0 ? (quota + period - 1) / period : 0;
}

}  // namespace

int64_t cores_of_cpu_quota(const fs::path& root) {
  int64_t least = 0;
  for (const fs::path& group : control_groups("cpu", root)) {
    const int64_t cores = cores_of_group(group);
    if (cores > 0) least = least > 0 ? std::min(least, cores) : cores;
  }
  return least;
}

}  // namespace ktlm
