// A model directory as one GGUF file (github.com/ggml-org/ggml, docs/gguf.md, version 3), which llama.cpp, Ollama, LM
// Studio and others run: shape, vocabulary, chat template and weights. Plain attention becomes their architecture
// "llama", with QK-norm "qwen3".
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ktlm/core/stop_flag.h"

namespace ktlm::formats {

/// How matrices are kept; norms stay 32-bit floats.
enum class GgufWeights { kF32, kF16, kQ8_0, kQ4_0 };

/// "q8_0". Throws ConfigError for another name, with those there are.
GgufWeights parse_gguf_weights(const std::string& name);
const char* to_string(GgufWeights weights);

struct GgufExport {
  uint64_t size_bytes = 0;
  size_t num_tensors = 0;
  int64_t context_tokens = 0;
  bool has_chat_markers = false;   // ChatML's
  std::vector<std::string> notes;  // what a person should know, a line each
};

/// Writes `file`, whole or not at all, in memory of a few rows. `name` is what programs show the model as. q4_0 keeps
/// the output layer in q8_0, as ktlm's own int4 does; matrices whose rows are no multiple of 32 values stay f16.
/// Returns nothing where `stop` was requested. Throws Error: a model or a tokenizer that GGUF can't tell or that is
/// damaged, weights that the form can't hold, disk full.
std::optional<GgufExport> export_gguf(const std::filesystem::path& model_directory, const std::filesystem::path& file,
                                      GgufWeights weights, const std::string& name, const StopFlag& stop);

}  // namespace ktlm::formats
