// The file that keeps what was typed, from one run to the next and for several that run at once: each adds its lines at
// the end, and whoever opens a file that has grown too long shortens it, under a lock.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ktlm::cli {

class LineHistory {
 public:
  static constexpr size_t kMostEntries = 1000;

  /// An empty path keeps nothing. A folder that has to be made is its owner's alone.
  explicit LineHistory(std::filesystem::path file = {}) : file_(std::move(file)) {}

  /// The last entries, the oldest first; none where the file can't be read. An entry may have several lines.
  std::vector<std::string> load() const;
  /// Adds an entry; a file that can't be written is left alone, for a history is a convenience.
  void add(const std::string& entry) const;

 private:
  std::filesystem::path file_;
};

}  // namespace ktlm::cli
