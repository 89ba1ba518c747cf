// The sections that a configuration may hold. A verb reads its own and lets the others stand, so that one file serves
// the whole chain.
#pragma once

#include <string>
#include <vector>

namespace ktlm::cli {

inline const std::vector<std::string> kConfigSections = {"model", "train", "sampling", "prepare", "tokenizer", "bench"};

}  // namespace ktlm::cli
