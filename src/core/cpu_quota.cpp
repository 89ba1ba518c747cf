#include "cpu_quota.h"

#include <algorithm>
#include <fstream>
#include <string>

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

// The least of a group's own and those of the groups around it. In a container the path may be the machine's, of which
// nothing is to be seen there but the container's own group, as the root.
int64_t least_cores(const fs::path& hierarchy, const fs::path& path) {
  fs::path group = hierarchy;
  int64_t least = cores_of_group(group);
  for (const auto& name : path.relative_path()) {
    group /= name;
    const int64_t cores = cores_of_group(group);
    if (cores > 0) least = least > 0 ? std::min(least, cores) : cores;
  }
  return least;
}

}  // namespace

int64_t cores_of_cpu_quota(const fs::path& root) {
  const fs::path groups = root / "sys/fs/cgroup";
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {  // number:controllers:path
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool is_version_2 = controllers == ",,";
    if (!is_version_2 && controllers.find(",cpu,") == std::string::npos) continue;
    if (const auto cores = least_cores(is_version_2 ? groups : groups / "cpu", line.substr(second + 1)); cores > 0)
      return cores;
  }
  return 0;
}

}  // namespace ktlm
