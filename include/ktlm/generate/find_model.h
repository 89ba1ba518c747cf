// Which model directory is meant.
#pragma once

#include <filesystem>

namespace ktlm::generate {

/// The model that `named` stands for: itself, or the model of a run. Throws Error where it holds none; where it is a
/// run that has come as far as a checkpoint, the message names that.
std::filesystem::path find_model(const std::filesystem::path& named);

/// The `model` directory under `runs` that was written last. Throws Error where there is none; where a run has come as
/// far as a checkpoint, the message names that.
std::filesystem::path find_newest_model(const std::filesystem::path& runs);

}  // namespace ktlm::generate
