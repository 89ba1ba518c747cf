// A model directory is a Hugging Face model directory: config.json, model.safetensors, generation_config.json and the
// tokenizer's files. Plain attention is written as LlamaForCausalLM, with QK-norm as Qwen3ForCausalLM.
#pragma once

#include <torch/types.h>

#include <filesystem>

#include "ktlm/model/language_model.h"
#include "ktlm/model/model_files.h"

namespace ktlm::model {

/// Those files of a tokenizer directory that are there. Throws Error.
void copy_tokenizer_files(const std::filesystem::path& from, const std::filesystem::path& to);

/// Writes the files into an existing `directory` (use AtomicDirectory to make it whole), in the model's dtype. The
/// special ids and copies of the tokenizer's files come from `tokenizer_directory`; empty: the ids of ktlm's own
/// tokenizers, and no files. Throws Error.
void save_model_files(const LanguageModel& model, const std::filesystem::path& tokenizer_directory,
                      const std::filesystem::path& directory);

/// Throws Error: missing or damaged files, tensors missing, unexpected or of another shape than config.json promises.
LanguageModel load_model(const std::filesystem::path& directory, at::Device device, at::ScalarType dtype);

}  // namespace ktlm::model
