// A GGUF file as a model directory: the way back from llama.cpp's world. Weights become what they stand for, rows of
// queries and keys return to transformers' order, the vocabulary becomes a tokenizer.model again.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "ktlm/core/stop_flag.h"

namespace ktlm::formats {

struct GgufImport {
  std::string architecture;  // "llama" or "qwen3"
  size_t num_tensors = 0;
};

/// Writes `directory`, whole or not at all, in memory of a few rows; f32, f16 and bf16 stay what they are, quantized
/// weights (q8_0, q6_K, q4_K, q4_0) become f32. Returns nothing where `stop` was requested. Throws Error: no GGUF file
/// or a damaged one, an architecture, a tensor, a type or a tokenizer that ktlm does not know, by name; `directory` is
/// there and not empty; disk full.
std::optional<GgufImport> import_gguf(const std::filesystem::path& file, const std::filesystem::path& directory,
                                      const StopFlag& stop);

}  // namespace ktlm::formats
