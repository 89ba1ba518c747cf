// A small model directory made without libtorch: pseudo-random weights, and the tokenizer of tests/data.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ktlm/core/files.h"
#include "ktlm/model/model_files.h"
#include "ktlm/model/parameter_specs.h"
#include "ktlm/model/safetensors_file.h"

namespace ktlm::test {

inline model::ModelConfig small_config(bool qk_norm, bool tie_embeddings) {
  model::ModelConfig config;
  config.vocab_size = 700;
  config.d_model = 64;
  config.n_layers = 2;
  config.n_heads = 4;
  config.n_kv_heads = 2;
  config.head_dim = 16;
  config.d_ff = 96;
  config.max_seq_len = 128;
  config.rope_theta = 20000.0;
  config.qk_norm = qk_norm;
  config.tie_embeddings = tie_embeddings;
  return config;
}

/// Some value of the tensor; each is another one.
inline float weight(size_t tensor, size_t index) {
  return std::sin(static_cast<float>(index % 1009) * 0.37F + static_cast<float>(tensor)) * 0.1F +
         static_cast<float>(index) * 1e-6F;
}

/// `bf16` keeps the weights in 16 bits.
inline void write_model_directory(const std::filesystem::path& directory, const model::ModelConfig& config,
                                  bool bf16 = false) {
  make_directories(directory);
  const std::vector<model::ParameterSpec> specs = model::parameter_specs(config);
  std::vector<model::SafetensorsEntry> entries;
  for (const auto& spec : specs) entries.push_back({spec.name, bf16 ? "BF16" : "F32", spec.shape});
  std::string content = model::safetensors_header(entries, {{"format", "pt"}});
  for (size_t tensor = 0; tensor < specs.size(); ++tensor) {
    size_t size = 1;
    for (const int64_t dimension : specs[tensor].shape) size *= static_cast<size_t>(dimension);
    for (size_t i = 0; i < size; ++i) {
      const float value = weight(tensor, i);
      const auto high = static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16);
      bf16 ? content.append(reinterpret_cast<const char*>(&high), sizeof high)
           : content.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
  write_file_atomically(directory / "model.safetensors", content);
  write_file_atomically(directory / "config.json",
                        model::config_to_hf_json(config, {1, 2, 3}, bf16 ? "bfloat16" : "float32"));
  write_file_atomically(
      directory / "generation_config.json",
      "{\n  \"bos_token_id\": 1,\n  \"eos_token_id\": [\n    2,\n    5\n  ],\n  \"pad_token_id\": 3\n}\n");
  const std::filesystem::path tokenizer = std::filesystem::path(KTLM_TEST_DATA_DIR) / "tokenizer" / "trained";
  for (const auto& entry : std::filesystem::directory_iterator(tokenizer))
    write_file_atomically(directory / entry.path().filename(), read_file(entry.path()));
}

}  // namespace ktlm::test
