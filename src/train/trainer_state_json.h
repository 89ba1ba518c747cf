// trainer_state.json: the state beside a checkpoint's weights, and the hashes of the files that it was written with.
#pragma once

#include <string>
#include <utility>

#include "ktlm/train/checkpoint.h"

namespace ktlm::train {

struct FileHashes {
  std::string model, optimizer;  // as hash_file gives them
};

std::string trainer_state_to_json(const TrainerState& state, const FileHashes& hashes);

/// Throws Error naming `where` and the key.
std::pair<TrainerState, FileHashes> trainer_state_from_json(const std::string& text, const std::string& where);

}  // namespace ktlm::train
