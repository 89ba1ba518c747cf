#include "control_groups.h"

#include <fstream>

namespace ktlm {

namespace fs = std::filesystem;

std::vector<fs::path> control_groups(const std::string& controller, const fs::path& root) {
  const fs::path hierarchies = root / "sys/fs/cgroup";
  std::vector<fs::path> groups;
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {  // number:controllers:path
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool is_version_2 = controllers == ",,";
    if (!is_version_2 && controllers.find("," + controller + ",") == std::string::npos) continue;
    // In a container the path may be the machine's, of which nothing is to be seen there but the container's own group,
    // as the root.
    groups.push_back(is_version_2 ? hierarchies : hierarchies / controller);
    for (const auto& name : fs::path(line.substr(second + 1)).relative_path()) groups.push_back(groups.back() / name);
  }
  return groups;
}

}  // namespace ktlm
