#include "manifest.h"

#include <system_error>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/text/normalize.h"

namespace ktlm::corpus {

namespace fs = std::filesystem;

namespace {

constexpr const char* kFormat = "ktlm-prepared";
constexpr int64_t kVersion = 1;

Json shard_list(const SplitWriter& split) {
  Json files = Json::array();
  for (const ShardInfo& shard : split.shards()) {
    files.push_back({{"name", shard.name},
                     {"documents", shard.documents},
                     {"text_bytes", shard.text_bytes},
                     {"bytes", shard.bytes}});
  }
  return files;
}

Json settings_of(const PrepareConfig& config) {
  return {{"format", config.format},          {"encoding", config.encoding},     {"val_fraction", config.val_fraction},
          {"min_chars", config.min_chars},    {"text_field", config.text_field}, {"strict", config.strict},
          {"shard_bytes", config.shard_bytes}};
}

bool is_prepared_directory(const fs::path& directory) {
  try {
    read_manifest(directory);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

Json make_manifest(const PrepareSummary& summary, const PrepareConfig& config, const CorpusWriter& writer) {
  Json counts = to_json(summary);
  Json manifest = {{"format", kFormat},
                   {"version", kVersion},
                   {"normalizer_version", text::kNormalizerVersion},
                   {"content_hash", summary.content_hash},
                   {"settings", settings_of(config)},
                   {"inputs", counts["inputs"]},
                   {"total", counts["total"]},
                   {"train", counts["train"]},
                   {"val", counts["val"]}};
  manifest["train"]["files"] = shard_list(writer.train());
  manifest["val"]["files"] = shard_list(writer.val());
  return manifest;
}

Json read_manifest(const fs::path& directory) {
  const fs::path path = directory / kManifestName;
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw Error(directory.string() + ": is no prepared directory (no " + kManifestName + "); run ktlm prepare first");
  }
  Json manifest = read_json_file(path.string());
  if (json_get<std::string>(manifest, "format", path.string()) != kFormat) {
    throw Error(path.string() + ": is no manifest of a prepared directory; run ktlm prepare first");
  }
  const auto version = json_get<int64_t>(manifest, "version", path.string());
  if (version != kVersion) {
    throw Error(path.string() + ": has version " + std::to_string(version) + ", expected " + std::to_string(kVersion) +
                "; run ktlm prepare again");
  }
  return manifest;
}

namespace {

// What prepare, and train on first use, put into a prepared directory.
bool is_own_entry(const std::string& name) {
  return name == kManifestName || name == "val.jsonl.zst" || name == "tokens" ||
         (name.rfind("train-", 0) == 0 && fs::path(name).extension() == ".zst");
}

}  // namespace

void require_replaceable(const fs::path& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status))
    throw Error(directory.string() + ": is a file, expected a folder; choose another --out");
  const bool empty = fs::is_empty(directory, error) && !error;
  if (!empty && !is_prepared_directory(directory)) {
    throw Error(
        directory.string() +
        ": holds something else than a prepared corpus and is left as it is; remove it or choose another --out");
  }
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (!is_own_entry(entry.path().filename().string()))
      throw Error(entry.path().string() + ": is none of a prepared corpus's files and would be lost; move it away or " +
                  "choose another --out");
  }
}

}  // namespace ktlm::corpus
