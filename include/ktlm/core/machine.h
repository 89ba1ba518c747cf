// The machine that the program runs on, and where the program may keep what it found out about it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace ktlm {

/// "Apple M4, 10 cores": the processor's own name and its number of logical cores.
std::string machine_name();

/// Logical cores of the machine, no more than a control group's quota of CPU time allows (`docker --cpus=2`), and those
/// that this process may run on: fewer where a launcher has bound it to some.
int64_t num_cores();
int64_t num_usable_cores();

/// Where programs keep what can be made again: $XDG_CACHE_HOME/ktlm, else ~/Library/Caches/ktlm on macOS and
/// ~/.cache/ktlm elsewhere. May not exist yet. Empty where there is no home.
std::filesystem::path cache_directory();

/// Where programs keep what people would miss: $XDG_STATE_HOME/ktlm, else ~/Library/Application Support/ktlm on macOS
/// and
/// ~/.local/state/ktlm elsewhere. May not exist yet. Empty where there is no home.
std::filesystem::path state_directory();

}  // namespace ktlm
