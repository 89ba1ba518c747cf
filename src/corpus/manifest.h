// manifest.json: what a prepared directory holds and how it came about. Written last, so that its presence says that
// the directory is whole.
#pragma once

#include <filesystem>
#include <string>

#include "assemble.h"
#include "ktlm/core/json.h"
#include "ktlm/corpus/prepare.h"

namespace ktlm::corpus {

inline constexpr const char* kManifestName = "manifest.json";

Json make_manifest(const PrepareSummary& summary, const PrepareConfig& config, const AssembledCorpus& corpus);

/// The settings that the result depends on, and back. Throws Error "<where>: ..." where they are not all there.
Json settings_of(const PrepareConfig& config);
PrepareConfig settings_from(const Json& settings, const std::string& where);

/// Throws Error where the manifest is missing ("run ktlm prepare first"), damaged, or of another version.
Json read_manifest(const std::filesystem::path& directory);

bool is_prepared_directory(const std::filesystem::path& directory);

/// Throws Error where something stands at `directory` that is neither an empty folder nor a prepared directory.
void require_replaceable(const std::filesystem::path& directory);
/// The same for a shard's directory.
void require_replaceable_shard(const std::filesystem::path& directory);

}  // namespace ktlm::corpus
