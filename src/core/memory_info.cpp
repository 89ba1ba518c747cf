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

// 0 where the file is not there or holds no number ("max").
int64_t number_in(const char* path) {
  long long number = 0;
  if (std::FILE* file = std::fopen(path, "r")) {
    if (std::fscanf(file, "%lld", &number) != 1) number = 0;
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
  const int64_t bytes = number_behind("MemAvailable:", "/proc/meminfo") * 1024;
  const int64_t limit = number_in("/sys/fs/cgroup/memory.max");
  // Without what files have left in memory: it goes as soon as somebody wants the room.
  const int64_t used =
      number_in("/sys/fs/cgroup/memory.current") - number_behind("inactive_file ", "/sys/fs/cgroup/memory.stat");
  return limit > 0 && used > 0 ? std::min(bytes, std::max<int64_t>(limit - used, 0)) : bytes;
#endif
}

int64_t total_memory_bytes() {
#ifdef __APPLE__
  int64_t bytes = 0;
  size_t size = sizeof bytes;
  return ::sysctlbyname("hw.memsize", &bytes, &size, nullptr, 0) == 0 ? bytes : 0;
#else
  return static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
#endif
}

}  // namespace ktlm
