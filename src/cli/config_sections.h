// The configuration that a command line names: its files, then its --set. A verb reads its own sections and lets the
// others stand, so that one file serves the whole chain; a section of no verb is a mistake.
#pragma once

#include <string>
#include <vector>

#include "ktlm/core/config.h"

namespace ktlm::cli {

inline const std::vector<std::string> kConfigSections = {"model", "train", "sampling", "prepare", "tokenizer", "bench"};

/// A setting that an option of its own was given for, which messages name: --min-chars, prepare.min_chars, '5' (YAML).
struct OptionOverride {
  std::string option, key, value;
};

/// Layers the files and, on top, "section.key=value" each. Throws ConfigError, also for a section of no verb.
inline ConfigTree load_config_tree(const std::vector<std::string>& files, const std::vector<std::string>& overrides) {
  ConfigTree tree;
  for (const std::string& file : files) tree.add_file(file);
  for (const std::string& assignment : overrides) tree.add_override(assignment);
  tree.check_sections(kConfigSections);
  return tree;
}

}  // namespace ktlm::cli
