// An .onnx file: the graph, then the weights, one after the other, so that no more than a part of one is in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "ktlm/core/stop_flag.h"
#include "onnx_graph.h"

namespace ktlm::formats {

/// No message of Protocol Buffers can be larger; programs refuse to read one.
inline constexpr uint64_t kLargestMessageBytes = 0x7FFFFFFF;

/// Behind the name of a file, the name of the one with its weights, as the programs of Hugging Face expect it.
inline constexpr const char* kDataEnding = "_data";

struct Stopped {};

/// Writes `path`. Where that would be more than `limit_bytes`, the weights go to a second file, `path` with
/// kDataEnding, and true is returned. `where` names the model file in errors. Throws Error for weights that are not
/// finite or, in fp16, too large, and for a full disk; Stopped where `stop` is requested.
bool write_onnx_file(const OnnxGraph& graph, const std::filesystem::path& path, const std::string& where,
                     const StopFlag& stop, uint64_t limit_bytes = kLargestMessageBytes);

}  // namespace ktlm::formats
