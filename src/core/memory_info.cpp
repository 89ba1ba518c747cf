#include "ktlm/core/memory_info.h"

#include <sys/resource.h>
#include <unistd.h>

#ifdef __APPLE__
#include <mach/mach.h>
#include <sys/sysctl.h>
#else
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "memory_limit.h"
#endif

namespace ktlm {

#ifndef __APPLE__
namespace {

// The number behind `name` in a file of "name number" lines; 0 where there is none.
int64_t number_behind(std::string_view name, const char* path) {
  int64_t number = 0;
  if (std::FILE* file = std::fopen(path, "r")) {
    char line[128];
    while (number == 0 && std::fgets(line, sizeof line, file) != nullptr)
      if (std::string_view(line).starts_with(name)) number = std::strtoll(line + name.size(), nullptr, 10);
    std::fclose(file);
  }
  return number;
}

}  // namespace
#endif

int64_t peak_memory_bytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  return usage.ru_maxrss;  // bytes there, kilobytes elsewhere
#else
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
#endif
}

int64_t current_memory_bytes() {
#ifdef __APPLE__
  mach_task_basic_info info{};
  mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
  if (task_info(mach_task_self(), MACH_TASK_BASIC_INFO, reinterpret_cast<task_info_t>(&info), &count) != KERN_SUCCESS)
    return 0;
  return static_cast<int64_t>(info.resident_size);
#else
  long long total_pages = 0, resident_pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%lld %lld", &total_pages, &resident_pages) != 2) resident_pages = 0;
    std::fclose(file);
  }
  return static_cast<int64_t>(resident_pages) * ::sysconf(_SC_PAGESIZE);
#endif
}

int64_t available_memory_bytes() {
#ifdef __APPLE__
  vm_statistics64_data_t pages{};
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  if (host_statistics64(mach_host_self(), HOST_VM_INFO64, reinterpret_cast<host_info64_t>(&pages), &count) !=
      KERN_SUCCESS)
    return 0;
  return (static_cast<int64_t>(pages.free_count) + pages.inactive_count + pages.purgeable_count) *
         ::sysconf(_SC_PAGESIZE);
#else
  return std::min(number_behind("MemAvailable:", "/proc/meminfo") * 1024, memory_limit().available_bytes);
#endif
}

int64_t total_memory_bytes() {
#ifdef __APPLE__
  int64_t bytes = 0;
  size_t size = sizeof bytes;
  return ::sysctlbyname("hw.memsize", &bytes, &size, nullptr, 0) == 0 ? bytes : 0;
#else
  const int64_t bytes = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  return std::min(bytes, memory_limit().total_bytes);
#endif
}

}  // namespace ktlm
