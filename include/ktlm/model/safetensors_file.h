// A safetensors file mapped into memory: what its header says of each tensor, and the bytes where they lie. Needs no
// libtorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ktlm/core/files.h"

namespace ktlm::model {

class SafetensorsFile {
 public:
  struct Tensor {
    std::string dtype;  // as the format names it: "F32", "BF16", "F16", ...
    std::vector<int64_t> shape;
    std::span<const std::byte> bytes;  // in the mapped file; at any address
  };

  /// Throws Error that tells a truncated file (size against what its header promises) from one whose header is no
  /// safetensors header.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::map<std::string, Tensor>& tensors() const { return tensors_; }

 private:
  MappedFile file_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace ktlm::model
