// What stands at a path. Unlike std::filesystem's own questions, these throw Error in one line of the usual form where
// the system does not let it be known: a folder above without permission, a circle of links.
#pragma once

#include <filesystem>

namespace ktlm {

/// Throws Error.
bool path_exists(const std::filesystem::path& path);
/// False where nothing is there. Throws Error.
bool directory_exists(const std::filesystem::path& path);

}  // namespace ktlm
