#include "ktlm/core/memory_info.h"

#include <sys/resource.h>
#include <unistd.h>

#ifdef __APPLE__
#include <mach/mach.h>
#include <sys/sysctl.h>
#else
#include <cstdio>
#endif

namespace ktlm {

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
