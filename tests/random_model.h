// A model of random weights in a directory of its own, for tests of what talks, where libtorch is not there to make
// one. Its weights are large enough that the distributions are far from flat: the text is nonsense, but each token
// depends on all before it.
#pragma once

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/core/random.h"
#include "ktlm/model/model_config.h"
#include "ktlm/model/parameter_specs.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::test {

/// Writes it, with the tokenizer of `tokenizer_dir`.
inline void write_random_model(const std::filesystem::path& directory, const std::filesystem::path& tokenizer_dir,
                               int64_t max_seq_len, uint64_t seed = 3) {
  model::ModelConfig config;
  config.vocab_size = tokenizer::Tokenizer::load(tokenizer_dir).vocab_size();
  config.d_model = 32;
  config.n_layers = 2;
  config.n_heads = 4;
  config.n_kv_heads = 2;
  config.d_ff = 64;
  config.max_seq_len = max_seq_len;
  make_directories(directory);
  for (const auto& file : std::filesystem::directory_iterator(tokenizer_dir))
    std::filesystem::copy_file(file.path(), directory / file.path().filename());
  const Json hf_config = {{"model_type", "llama"},
                          {"vocab_size", config.vocab_size},
                          {"hidden_size", config.d_model},
                          {"intermediate_size", config.d_ff},
                          {"num_hidden_layers", config.n_layers},
                          {"num_attention_heads", config.n_heads},
                          {"num_key_value_heads", config.n_kv_heads},
                          {"max_position_embeddings", config.max_seq_len},
                          {"rms_norm_eps", config.norm_eps},
                          {"tie_word_embeddings", config.tie_embeddings}};
  write_file_atomically(directory / "config.json", to_json_line(hf_config));

  Json header;
  std::string bytes;
  Random random(seed);
  for (const model::ParameterSpec& spec : model::parameter_specs(config)) {
    size_t size = 1;
    for (const int64_t extent : spec.shape) size *= static_cast<size_t>(extent);
    const size_t begin = bytes.size();
    for (size_t i = 0; i < size; ++i) {
      const auto value = spec.shape.size() == 1 ? 1.0F : static_cast<float>(random.uniform() - 0.5);
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    header[spec.name] = {{"dtype", "F32"}, {"shape", spec.shape}, {"data_offsets", {begin, bytes.size()}}};
  }
  std::string text = to_json_line(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t size = text.size();
  write_file_atomically(directory / "model.safetensors",
                        std::string(reinterpret_cast<const char*>(&size), sizeof size) + text + bytes);
}

}  // namespace ktlm::test
