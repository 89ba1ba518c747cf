// Directories that a reader meets whole or not at all, also while they go.
#pragma once

#include <filesystem>
#include <system_error>

namespace ktlm {

/// Renames the directory to a temporary name beside it, `removed.tmp-<pid>`, and empties that one. What killed
/// processes left of theirs goes as well. Gives why the directory stands as it was; nothing where it is gone.
std::error_code remove_directory(const std::filesystem::path& directory);

}  // namespace ktlm
