#include "memory_limit.h"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <string>

#include "control_groups.h"

namespace ktlm {

namespace {

namespace fs = std::filesystem;

// Of the first of the files that holds a number; 0 where none does ("max").
int64_t number_in(const fs::path& group, std::initializer_list<const char*> files) {
  int64_t number = 0;
  for (const char* const file : files)
    if (std::ifstream(group / file) >> number) return number;
  return 0;
}

// What files have left in memory: it goes as soon as somebody wants the room. Version 1 counts that of the groups
// within apart ("total_").
int64_t file_bytes(const fs::path& group) {
  int64_t own = 0, bytes = 0;
  std::ifstream file(group / "memory.stat");
  for (std::string name; file >> name >> bytes;) {
    if (name == "total_inactive_file") return bytes;
    if (name == "inactive_file") own = bytes;
  }
  return own;
}

}  // namespace

MemoryLimit memory_limit(const fs::path& root) {
  MemoryLimit least;
  for (const fs::path& group : control_groups("memory", root)) {
    const int64_t limit = number_in(group, {"memory.max", "memory.limit_in_bytes"});
    if (limit <= 0) continue;
    const int64_t used = number_in(group, {"memory.current", "memory.usage_in_bytes"}) - file_bytes(group);
    least.total_bytes = std::min(least.total_bytes, limit);
    least.available_bytes = std::min(least.available_bytes, std::clamp<int64_t>(limit - used, 0, limit));
  }
  return least;
}

}  // namespace ktlm
