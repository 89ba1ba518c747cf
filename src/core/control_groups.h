// Linux' control groups around this process, which bound what it may use of the machine: `docker --cpus=2 --memory=4g`,
// a Kubernetes limit, systemd's CPUQuota and MemoryMax.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ktlm {

/// The directories of the groups in which this process stands, from the outermost that is to be seen, by
/// /proc/self/cgroup under `root`, and the groups under /sys/fs/cgroup there (cgroups(7)): those of version 2, and of
/// version 1 those of `controller` ("cpu", "memory"). None but on Linux.
std::vector<std::filesystem::path> control_groups(const std::string& controller, const std::filesystem::path& root);

}  // namespace ktlm
