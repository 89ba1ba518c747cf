// manifest.json: what a prepared directory holds and how it came about. Written last, so that its presence says that
// the directory is whole.
#pragma once

#include <filesystem>
#include <string>

#include "corpus_writer.h"
#include "ktlm/core/json.h"
#include "ktlm/corpus/prepare.h"

namespace ktlm::corpus {

inline constexpr const char* kManifestName = "manifest.json";

Json make_manifest(const PrepareSummary& summary, const PrepareConfig& config, const CorpusWriter& writer);

/// Throws Error where the manifest is missing ("run ktlm prepare first"), damaged, or of another version.
Json read_manifest(const std::filesystem::path& directory);

/// Throws Error where something stands at `directory` that is neither an empty folder nor a prepared directory.
void require_replaceable(const std::filesystem::path& directory);

}  // namespace ktlm::corpus
