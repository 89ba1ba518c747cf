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

// Of a file that is to be written.
struct SafetensorsEntry {
  std::string name, dtype;  // "F32", "BF16", "F16", ...
  std::vector<int64_t> shape;
};

/// What stands in front of the bytes of a file's tensors, which follow in this order without gaps: its length and the
/// header. `metadata` goes into "__metadata__". Throws Error for a dtype that the format does not know.
std::string safetensors_header(const std::vector<SafetensorsEntry>& entries,
                               const std::map<std::string, std::string>& metadata);

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
