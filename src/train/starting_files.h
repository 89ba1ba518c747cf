// What a run makes in its directory before its first step, and takes away again where it fails before that: an empty
// run would only be in the way, of `--out` as of whoever looks for the newest one.
#pragma once

#include <filesystem>
#include <vector>

namespace ktlm::train {

class StartingFiles {
 public:
  StartingFiles() = default;
  /// Removes what was made, the newest first, unless keep() was called; of folders around the run only empty ones.
  ~StartingFiles();
  StartingFiles(const StartingFiles&) = delete;
  StartingFiles& operator=(const StartingFiles&) = delete;

  /// `path` and the folders around it are about to be made, as far as they are not there; those that are there stay
  /// whatever comes. Gives `path`.
  const std::filesystem::path& add(const std::filesystem::path& path);
  void keep() { made_.clear(); }

 private:
  std::vector<std::filesystem::path> made_;  // a folder before what it holds
};

}  // namespace ktlm::train
