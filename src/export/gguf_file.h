// A GGUF file mapped into memory: its metadata, and where each tensor's bytes lie. Everything that the header says is
// checked against the file's size first, so that a damaged file ends in a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gguf_format.h"
#include "ktlm/core/files.h"

namespace ktlm::formats {

class GgufFile {
 public:
  struct Tensor {
    uint32_t type;               // a TensorType, or one that ktlm does not know
    std::vector<int64_t> shape;  // as in safetensors, rows first
    uint64_t offset;             // of its bytes in the file
  };

  /// Throws Error: no GGUF file, another version, truncated, damaged.
  explicit GgufFile(const std::filesystem::path& path);

  const std::string& where() const { return where_; }
  const std::map<std::string, Tensor>& tensors() const { return tensors_; }
  /// The bytes of a tensor of a known type. Throws Error where the file ends before them.
  std::span<const std::byte> bytes_of(const std::string& name) const;

  bool has(const std::string& key) const { return values_.contains(key); }
  // Each throws Error for a key that is missing or of another type; integers may stand in any of GGUF's widths, texts
  // are UTF-8.
  int64_t integer(const std::string& key) const;
  double number(const std::string& key) const;
  bool boolean(const std::string& key) const;
  std::string text(const std::string& key) const;
  std::vector<std::string> texts(const std::string& key) const;
  std::vector<double> numbers(const std::string& key) const;

 private:
  struct Value {
    ValueType type;  // of an array: that of its elements
    bool is_array = false;
    uint64_t count = 1;
    std::string_view bytes;  // in the file; of an array: of its elements
  };

  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void fail_type(const std::string& key, const char* expected) const;
  void refuse_overlaps() const;
  const Value& value(const std::string& key) const;
  std::string checked_text(const std::string& key, std::string_view text) const;

  MappedFile file_;
  std::string where_;
  std::map<std::string, Value> values_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace ktlm::formats
