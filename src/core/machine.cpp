#include "ktlm/core/machine.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "cpu_quota.h"

#ifdef __APPLE__
#include <sys/sysctl.h>
#else
#include <sched.h>
#endif

namespace ktlm {

namespace {

std::string processor_name() {
#ifdef __APPLE__
  char name[128] = "";
  size_t size = sizeof name;
  if (::sysctlbyname("machdep.cpu.brand_string", name, &size, nullptr, 0) == 0) return name;
#else
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
#endif
  return "unknown processor";
}

std::filesystem::path folder_from_environment(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

// ktlm's folder in the one that `variable` names, or in `usual` under the home folder.
std::filesystem::path folder_of_ktlm(const char* variable, const char* usual) {
  const auto named = folder_from_environment(variable);
  if (named.is_absolute()) return named / "ktlm";  // the specification ignores relative ones
  const auto home = folder_from_environment("HOME");
  return home.empty() ? home : home / usual / "ktlm";
}

}  // namespace

std::string machine_name() {
  return processor_name() + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores";
}

int64_t num_cores() {
  const int64_t cores = std::max<int64_t>(1, ::sysconf(_SC_NPROCESSORS_ONLN)), quota = cores_of_cpu_quota();
  return quota > 0 ? std::min(cores, quota) : cores;
}

int64_t num_usable_cores() {
#ifndef __APPLE__
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) == 0) return std::min<int64_t>(CPU_COUNT(&cores), num_cores());
#endif
  return num_cores();
}

std::filesystem::path cache_directory() {
#ifdef __APPLE__
  return folder_of_ktlm("XDG_CACHE_HOME", "Library/Caches");
#else
  return folder_of_ktlm("XDG_CACHE_HOME", ".cache");
#endif
}

std::filesystem::path state_directory() {
#ifdef __APPLE__
  return folder_of_ktlm("XDG_STATE_HOME", "Library/Application Support");
#else
  return folder_of_ktlm("XDG_STATE_HOME", ".local/state");
#endif
}

}  // namespace ktlm
