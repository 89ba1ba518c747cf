// What stands in front of a GGUF file's weights: metadata and the list of tensors, put together in memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "block_formats.h"
#include "gguf_format.h"

namespace ktlm::formats {

class GgufHeader {
 public:
  void add(std::string_view key, uint32_t value);
  void add(std::string_view key, float value);
  void add(std::string_view key, bool value);
  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, const char* value) { add(key, std::string_view(value)); }  // else it would be a bool
  void add(std::string_view key, const std::vector<std::string>& values);
  void add(std::string_view key, std::span<const float> values);
  void add(std::string_view key, std::span<const int32_t> values);

  /// `shape` as in safetensors, rows first. The weights follow in the order of these calls, each from a multiple of the
  /// alignment on.
  void add_tensor(std::string_view name, std::span<const int64_t> shape, TensorType type);

  size_t num_tensors() const { return num_tensors_; }
  /// Up to the first weight.
  std::string bytes() const;

 private:
  void key(std::string_view key, ValueType type);
  void array(std::string_view key, ValueType type, size_t size);

  std::string metadata_, tensors_;
  uint64_t num_keys_ = 0, num_tensors_ = 0, data_bytes_ = 0;
};

/// Zeros from `size_bytes` to the next multiple of the alignment.
std::string alignment_padding(uint64_t size_bytes);

}  // namespace ktlm::formats
