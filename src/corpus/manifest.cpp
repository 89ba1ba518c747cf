#include "manifest.h"

#include <string_view>
#include <system_error>
#include <type_traits>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/path_status.h"
#include "ktlm/text/normalize.h"
#include "part_format.h"
#include "report_page.h"

namespace ktlm::corpus {

namespace fs = std::filesystem;

namespace {

constexpr const char* kFormat = "ktlm-prepared";
constexpr int64_t kVersion = 1;

Json file_list(const std::vector<ShardInfo>& shards) {
  Json files = Json::array();
  for (const ShardInfo& shard : shards) {
    files.push_back({{"name", shard.name},
                     {"documents", shard.documents},
                     {"text_bytes", shard.text_bytes},
                     {"bytes", shard.bytes}});
  }
  return files;
}

// What changes how the work is done, but not its result; or, of skip_damaged, whether there is one: a run that damage
// has ended goes on with it.
bool is_setting_of_the_run(std::string_view name) {
  return name == "threads" || name == "memory_bytes" || name == "skip_damaged";
}

}  // namespace

Json make_manifest(const PrepareSummary& summary, const PrepareConfig& config, const AssembledCorpus& corpus) {
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
  manifest["train"]["files"] = file_list(corpus.train);
  manifest["val"]["files"] = file_list({corpus.val});
  return manifest;
}

Json settings_of(const PrepareConfig& config) {
  Json settings = Json::object();
  PrepareConfig::visit_fields([&](const char* name, auto member, auto&&...) {
    if (!is_setting_of_the_run(name)) settings[name] = config.*member;
  });
  return settings;
}

PrepareConfig settings_from(const Json& settings, const std::string& where) {
  PrepareConfig config;
  PrepareConfig::visit_fields([&](const char* name, auto member, auto&&...) {
    using T = std::remove_reference_t<decltype(config.*member)>;
    if (!is_setting_of_the_run(name)) config.*member = json_get<T>(settings, name, where);
  });
  return config;
}

Json read_manifest(const fs::path& directory) {
  const fs::path path = directory / kManifestName;
  if (!path_exists(path)) {
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

bool is_prepared_directory(const fs::path& directory) {
  try {
    read_manifest(directory);
    return true;
  } catch (const Error&) {
    return false;
  }
}

namespace {

// What prepare, and train on first use, put into a prepared directory.
bool is_own_entry(const std::string& name) {
  return name == ".DS_Store" ||  // which the Finder leaves wherever it has looked
         name == kManifestName || name == kReportName || name == "val.jsonl.zst" || name == "tokens" ||
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

void require_replaceable_shard(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory, error) || fs::is_empty(directory, error)) return;
  if (!fs::exists(directory / kPartFile, error))
    throw Error(directory.string() +
                ": holds something else than a shard and is left as it is; remove it or choose another --out");
}

}  // namespace ktlm::corpus
