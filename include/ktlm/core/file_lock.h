// A folder that one process at a time may write into. The kernel lets go of the lock when its holder ends, however that
// ends, so nothing is left over to clean up.
#pragma once

#include <filesystem>
#include <string>

namespace ktlm {

class FileLock {
 public:
  /// Makes file_in(directory) (and the directory) and holds it until destroyed. Throws Error where another process
  /// holds it: "<directory>: in use by another ktlm (process 123); " and `next_step`. On file systems without locks it
  /// holds nothing.
  FileLock(const std::filesystem::path& directory, const std::string& next_step);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// `<directory>/.lock`. Who holds it may remove it.
  static std::filesystem::path file_in(const std::filesystem::path& directory);

 private:
  int descriptor_;
};

}  // namespace ktlm
