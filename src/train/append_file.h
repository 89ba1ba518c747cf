// A file that grows by whole records while the run goes on: each reaches the system before append() returns, so that a
// killed process leaves at most one torn record, at the end.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

namespace ktlm::train {

class AppendFile {
 public:
  /// Opens `path` behind its last byte, or makes it. Throws Error.
  explicit AppendFile(std::filesystem::path path);

  /// Throws Error, such as for a full disk.
  void append(std::string_view record);
  /// Waits until the disk has everything. Throws Error.
  void sync();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace ktlm::train
