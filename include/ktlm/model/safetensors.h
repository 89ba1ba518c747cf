// The safetensors format (Hugging Face): an 8-byte header length, a JSON header with dtype, shape and offsets of each
// tensor, then the raw little-endian bytes.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ktlm/model/safetensors_file.h"

namespace ktlm::model {

/// Writes the tensors in the given order to `path`, atomically; `metadata` goes into "__metadata__". Throws Error.
void save_safetensors(const std::filesystem::path& path, const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                      const std::map<std::string, std::string>& metadata = {});

/// All tensors on the CPU, owning their memory. Throws Error that tells a truncated file (size against what its header
/// promises) from one whose header is no safetensors header.
std::map<std::string, at::Tensor> load_safetensors(const std::filesystem::path& path);

/// A tensor of a mapped file, copied: on the CPU, of the file's dtype.
at::Tensor to_torch(const SafetensorsFile::Tensor& source);

}  // namespace ktlm::model
