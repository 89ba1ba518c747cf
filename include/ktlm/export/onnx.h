// ktlm export --onnx: a model directory as one that onnxruntime, optimum and transformers.js use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ktlm/core/stop_flag.h"

namespace ktlm::formats {

enum class OnnxNumbers { kFp32, kFp16 };

/// "fp32", "fp16" or both, "fp16,fp32". Throws ConfigError for another name.
std::vector<OnnxNumbers> parse_onnx_numbers(const std::string& names);

struct OnnxFile {
  std::filesystem::path path;  // in the directory
  uint64_t size_bytes;
};

/// Makes the directory `out` of the model directory `model_directory`: onnx/model.onnx, onnx/model_fp16.onnx or both
/// (of more than 2 GB, with the weights in a file of their own beside it), config.json with what transformers.js wants
/// to know, generation_config.json and the tokenizer's files. It is whole or absent, and takes the place of an earlier
/// one. `numbers` are one or two, the first being what programs take that are told nothing. Returns the files in onnx/,
/// or nothing where `stop` was requested. Throws Error: a model that can't be read or is damaged, weights that fp16
/// can't hold, something else that stands at `out`, disk full.
std::optional<std::vector<OnnxFile>> export_onnx(const std::filesystem::path& model_directory,
                                                 const std::filesystem::path& out,
                                                 const std::vector<OnnxNumbers>& numbers, const StopFlag& stop);

}  // namespace ktlm::formats
