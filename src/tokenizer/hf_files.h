// The tokenizer in Hugging Face's files, so that transformers, MLX and llama.cpp's converter load the directory as it
// is and give the same ids.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pieces.h"

namespace ktlm::tokenizer {

/// Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json into `directory`, for the vocabulary whose
/// tokenizer.model has the hash `model_hash`. Throws Error.
void write_hf_files(const std::filesystem::path& directory, const std::vector<Piece>& pieces,
                    const std::string& model_hash);

}  // namespace ktlm::tokenizer
