// The CPU time that a control group leaves to its processes: `docker --cpus=2` on a machine of 64 cores, a Kubernetes
// limit, systemd's CPUQuota. All cores are still to be seen and to be used there, but not all of them all the time, so
// that a thread on each only waits for the next period.
#pragma once

#include <cstdint>
#include <filesystem>

namespace ktlm {

/// How many cores' time this process may use by the least quota of its control groups, rounded up; 0: no quota. By
/// /proc/self/cgroup under `root` and the groups under /sys/fs/cgroup there (cgroups(7); of version 2 cpu.max, of
/// version 1 cpu.cfs_quota_us and cpu.cfs_period_us), so always 0 but on Linux.
int64_t cores_of_cpu_quota(const std::filesystem::path& root = "/");

}  // namespace ktlm
