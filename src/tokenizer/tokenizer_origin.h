// Where a tokenizer directory comes from: ktlm, which leaves two keys in tokenizer_config.json and refuses what does
// not fit them, or another maker. And what helps where its files are missing or damaged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace ktlm::tokenizer {

struct Origin {
  int64_t normalizer_version;
  std::string model_hash;
};

/// Of a directory that ktlm wrote. Throws Error where tokenizer_config.json is damaged.
std::optional<Origin> read_origin(const std::filesystem::path& directory);

/// Throws Error where tokenizer.model, with that hash, is not what ktlm wrote, or was made with another normaliser.
void check_origin(const Origin& origin, const std::string& model_hash, const std::filesystem::path& directory);

/// What to do about a damaged tokenizer.model. A model's tokenizer must be the one that it was trained with, so that
/// training another helps in a tokenizer directory alone.
std::string way_out(const std::filesystem::path& directory);

/// Throws Error: there is no tokenizer.model.
[[noreturn]] void refuse_without_model(const std::filesystem::path& directory, bool is_ours);

}  // namespace ktlm::tokenizer
