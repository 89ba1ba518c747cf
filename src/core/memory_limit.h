// The memory that a control group leaves to its processes: `docker --memory=4g` on a machine of 64 GB. All of the
// machine's is still to be seen there, but who takes more than the limit is ended by the system.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>

namespace ktlm {

struct MemoryLimit {
  // Of the narrowest of the groups around this process; where none has a limit, more than any machine has.
  int64_t total_bytes = std::numeric_limits<int64_t>::max();
  int64_t available_bytes = std::numeric_limits<int64_t>::max();  // that its processes do not use yet
};

/// By the groups' memory.max, memory.current and memory.stat, of version 1 memory.limit_in_bytes and
/// memory.usage_in_bytes; `root` as for cores_of_cpu_quota.
MemoryLimit memory_limit(const std::filesystem::path& root = "/");

}  // namespace ktlm
