// A model directory is a Hugging Face model directory: config.json, model.safetensors, generation_config.json and the
// tokenizer's files. Plain attention is written as LlamaForCausalLM, with QK-norm as Qwen3ForCausalLM.
#pragma once

#include <torch/types.h>

#include <filesystem>

#include "ktlm/model/language_model.h"

namespace ktlm::model {

/// config.json's content for this shape, and back. `from` throws Error for architectures and options that ktlm does not
/// compute (another model_type, rope scaling, biases, sliding windows), naming the key.
struct SpecialIds {
  int64_t bos, eos, pad;
};
std::string config_to_hf_json(const ModelConfig& config, const SpecialIds& ids, at::ScalarType dtype);
ModelConfig config_from_hf_json(const std::string& json_text, const std::string& where);

/// Writes the files into an existing `directory` (use AtomicDirectory to make it whole); copies the tokenizer's files
/// from `tokenizer_directory` unless that is empty. Throws Error.
void save_model_files(const LanguageModel& model, const std::filesystem::path& tokenizer_directory,
                      const std::filesystem::path& directory);

/// Throws Error: missing or damaged files, tensors missing, unexpected or of another shape than config.json promises.
LanguageModel load_model(const std::filesystem::path& directory, at::Device device, at::ScalarType dtype);

/// Reads the shape alone.
ModelConfig load_model_config(const std::filesystem::path& directory);

}  // namespace ktlm::model
