// The configuration that a command line names: its files, then its --set. A verb reads its own sections and lets the
// others stand, so that one file serves the whole chain; a section of no verb is a mistake.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ktlm/core/config.h"
#include "ktlm/core/error.h"

namespace ktlm::cli {

inline const std::vector<std::string> kConfigSections = {"model", "train", "sampling", "prepare", "tokenizer", "bench"};

/// A setting that an option of its own was given for, which messages name: --min-chars, prepare.min_chars, '5' (YAML).
struct OptionOverride {
  std::string option, key, value;
};

/// Throws ConfigError where `file` is not there, but one of its name in configs/ is: "tiny" for "configs/tiny.yaml".
inline void check_config_name(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::exists(file, error)) return;
  const std::filesystem::path shipped = ("configs" / file.filename()).replace_extension(".yaml");
  if (std::filesystem::exists(shipped, error))
    throw ConfigError(file.string() + ": no such file; did you mean " + shipped.string() + "?");
}

/// Layers the files and, on top, "section.key=value" each. Throws ConfigError, also for a section of no verb.
inline ConfigTree load_config_tree(const std::vector<std::string>& files, const std::vector<std::string>& overrides) {
  ConfigTree tree;
  for (const std::string& file : files) {
    check_config_name(file);
    tree.add_file(file);
  }
  for (const std::string& assignment : overrides) tree.add_override(assignment);
  tree.check_sections(kConfigSections);
  return tree;
}

}  // namespace ktlm::cli
