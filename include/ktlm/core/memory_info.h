// How much memory the process and the machine have.
#pragma once

#include <cstdint>

namespace ktlm {

/// The most resident memory that this process has had, in bytes (getrusage).
int64_t peak_memory_bytes();
/// Resident memory now, in bytes.
int64_t current_memory_bytes();
/// The machine's memory, in bytes; on Linux no more than the limit of its control group (`docker --memory=4g`).
int64_t total_memory_bytes();
/// What this process could still take without swapping, in bytes; on Linux no more than its control group leaves.
int64_t available_memory_bytes();

}  // namespace ktlm
