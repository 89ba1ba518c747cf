#include "gguf_header.h"

#include <type_traits>

namespace ktlm::formats {

namespace {

template <class Number>
void put(std::string& to, Number number) {
  static_assert(std::is_arithmetic_v<Number>);
  to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put_text(std::string& to, std::string_view text) {
  put<uint64_t>(to, text.size());
  to += text;
}

}  // namespace

std::string alignment_padding(uint64_t size_bytes) {
  return std::string((kDefaultAlignment - size_bytes % kDefaultAlignment) % kDefaultAlignment, '\0');
}

void GgufHeader::key(std::string_view key, ValueType type) {
  put_text(metadata_, key);
  put(metadata_, static_cast<uint32_t>(type));
  ++num_keys_;
}

void GgufHeader::array(std::string_view key, ValueType type, size_t size) {
  this->key(key, ValueType::kArray);
  put(metadata_, static_cast<uint32_t>(type));
  put<uint64_t>(metadata_, size);
}

void GgufHeader::add(std::string_view key, uint32_t value) {
  this->key(key, ValueType::kUint32);
  put(metadata_, value);
}

void GgufHeader::add(std::string_view key, float value) {
  this->key(key, ValueType::kFloat32);
  put(metadata_, value);
}

void GgufHeader::add(std::string_view key, bool value) {
  this->key(key, ValueType::kBool);
  put<uint8_t>(metadata_, value ? 1 : 0);
}

void GgufHeader::add(std::string_view key, std::string_view value) {
  this->key(key, ValueType::kString);
  put_text(metadata_, value);
}

void GgufHeader::add(std::string_view key, const std::vector<std::string>& values) {
  array(key, ValueType::kString, values.size());
  for (const std::string& value : values) put_text(metadata_, value);
}

void GgufHeader::add(std::string_view key, std::span<const float> values) {
  array(key, ValueType::kFloat32, values.size());
  for (const float value : values) put(metadata_, value);
}

void GgufHeader::add(std::string_view key, std::span<const int32_t> values) {
  array(key, ValueType::kInt32, values.size());
  for (const int32_t value : values) put(metadata_, value);
}

void GgufHeader::add_tensor(std::string_view name, std::span<const int64_t> shape, TensorType type) {
  put_text(tensors_, name);
  put(tensors_, static_cast<uint32_t>(shape.size()));
  uint64_t num_rows = 1;
  for (size_t i = shape.size(); i-- > 0;) {  // the columns first
    put(tensors_, static_cast<uint64_t>(shape[i]));
    if (i + 1 < shape.size()) num_rows *= static_cast<uint64_t>(shape[i]);
  }
  put(tensors_, static_cast<uint32_t>(type));
  put(tensors_, data_bytes_);
  data_bytes_ += num_rows * static_cast<uint64_t>(row_bytes(type, shape.back()));
  data_bytes_ += alignment_padding(data_bytes_).size();
  ++num_tensors_;
}

std::string GgufHeader::bytes() const {
  std::string bytes(kGgufMagic);
  put(bytes, kGgufVersion);
  put(bytes, num_tensors_);
  put(bytes, num_keys_);
  bytes += metadata_;
  bytes += tensors_;
  return bytes + alignment_padding(bytes.size());
}

}  // namespace ktlm::formats
