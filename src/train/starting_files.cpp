#include "starting_files.h"

#include <algorithm>
#include <system_error>

namespace ktlm::train {

namespace fs = std::filesystem;

StartingFiles::~StartingFiles() {
  for (auto path = made_.rbegin(); path != made_.rend(); ++path) {
    std::error_code ignored;  // the error that ends the run is the one to tell
    fs::remove(*path, ignored);
  }
}

const fs::path& StartingFiles::add(const fs::path& path) {
  std::vector<fs::path> missing;
  std::error_code unknown;
  for (fs::path each = path; !each.empty() && !fs::exists(fs::symlink_status(each, unknown)); each = each.parent_path())
    missing.push_back(each);
  made_.insert(made_.end(), missing.rbegin(), missing.rend());
  return path;
}

}  // namespace ktlm::train
