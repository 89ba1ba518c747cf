#include "tokenizer_origin.h"

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/text/normalize.h"
#include "ktlm/tokenizer/tokenizer_files.h"

namespace ktlm::tokenizer {
namespace {

namespace fs = std::filesystem;

bool is_of_model(const fs::path& directory) { return fs::exists(directory / "config.json"); }

}  // namespace

std::optional<Origin> read_origin(const fs::path& directory) {
  const fs::path path = directory / kTokenizerConfigFile;
  if (!fs::exists(path)) return std::nullopt;
  const Json config = read_json_file(path.string());
  if (!config.is_object() || !config.contains(kNormalizerVersionKey)) return std::nullopt;
  return Origin{json_get<int64_t>(config, kNormalizerVersionKey, path.string()),
                json_get<std::string>(config, kModelHashKey, path.string())};
}

void check_origin(const Origin& origin, const std::string& model_hash, const fs::path& directory) {
  if (origin.normalizer_version != text::kNormalizerVersion)
    throw Error((directory / kTokenizerConfigFile).string() + ": made with version " +
                std::to_string(origin.normalizer_version) + " of the normaliser, this program has version " +
                std::to_string(text::kNormalizerVersion) + "; " +
                (is_of_model(directory) ? "use the program that wrote it" : "run ktlm train-tokenizer again"));
  if (origin.model_hash != model_hash)
    throw Error((directory / kModelFile).string() + ": truncated or changed (hash " + model_hash + ", expected " +
                origin.model_hash + "); " + way_out(directory));
}

std::string way_out(const fs::path& directory) {
  return is_of_model(directory) ? "copy the model's directory again"
                                : "copy it again or run ktlm train-tokenizer again";
}

void refuse_without_model(const fs::path& directory, bool is_ours) {
  throw Error((directory / kModelFile).string() + ": no such file; " +
              (is_ours                  ? "copy it from the tokenizer or the model that this one began with"
               : is_of_model(directory) ? "copy the model's directory again"
                                        : "run ktlm train-tokenizer first"));
}

}  // namespace ktlm::tokenizer
