// The machine that the program runs on, and where the program may keep what it found out about it.
#pragma once

#include <filesystem>
#include <string>

namespace ktlm {

/// "Apple M4, 10 cores": the processor's own name and its number of logical cores.
std::string machine_name();

/// Where programs keep what can be made again: $XDG_CACHE_HOME/ktlm, else ~/Library/Caches/ktlm on macOS and
/// ~/.cache/ktlm elsewhere. May not exist yet. Empty where there is no home.
std::filesystem::path cache_directory();

}  // namespace ktlm
