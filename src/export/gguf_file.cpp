#include "gguf_file.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "block_formats.h"
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/core/text_format.h"
#include "ktlm/text/utf8.h"

namespace ktlm::formats {

namespace {

constexpr uint32_t kOldestVersion = 2;  // version 1 counted in 32 bits
constexpr uint32_t kMaxDimensions = 4;

// Bytes of a value of fixed size; 0: texts and arrays.
uint64_t size_of(ValueType type) {
  switch (type) {
    case ValueType::kUint8:
    case ValueType::kInt8:
    case ValueType::kBool:
      return 1;
    case ValueType::kUint16:
    case ValueType::kInt16:
      return 2;
    case ValueType::kUint32:
    case ValueType::kInt32:
    case ValueType::kFloat32:
      return 4;
    case ValueType::kUint64:
    case ValueType::kInt64:
    case ValueType::kFloat64:
      return 8;
    case ValueType::kString:
    case ValueType::kArray:
      break;
  }
  return 0;
}

struct Damaged {
  std::string what;
};

// Takes values from the front. Throws Damaged where the bytes end before them.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view text() { return take(number<uint64_t>()); }
  std::string_view take(uint64_t size) {
    if (size > rest_.size()) throw Damaged{"the file ends within its header (truncated?)"};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  /// `count` values of one type.
  std::string_view values(ValueType type, uint64_t count) {
    const std::string_view before = rest_;
    if (type == ValueType::kString) {
      for (uint64_t i = 0; i < count; ++i) text();  // ends where the bytes do, however large the count
    } else {
      const uint64_t size = size_of(type);
      if (size == 0) throw Damaged{"metadata of an unknown type, " + std::to_string(static_cast<uint32_t>(type))};
      if (count > rest_.size() / size) throw Damaged{"the file ends within its header (truncated?)"};
      take(size * count);
    }
    return before.substr(0, before.size() - rest_.size());
  }
  size_t rest_size() const { return rest_.size(); }

 private:
  std::string_view rest_;
};

template <class Number>
Number number_at(std::string_view bytes, size_t index) {
  Number value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

// Any of GGUF's numbers; `Result` is int64_t or double.
template <class Result>
std::optional<Result> convert(ValueType type, std::string_view bytes, size_t index) {
  switch (type) {
    case ValueType::kUint8:
      return static_cast<Result>(number_at<uint8_t>(bytes, index));
    case ValueType::kInt8:
      return static_cast<Result>(number_at<int8_t>(bytes, index));
    case ValueType::kUint16:
      return static_cast<Result>(number_at<uint16_t>(bytes, index));
    case ValueType::kInt16:
      return static_cast<Result>(number_at<int16_t>(bytes, index));
    case ValueType::kUint32:
      return static_cast<Result>(number_at<uint32_t>(bytes, index));
    case ValueType::kInt32:
      return static_cast<Result>(number_at<int32_t>(bytes, index));
    case ValueType::kUint64:
      return static_cast<Result>(number_at<uint64_t>(bytes, index));
    case ValueType::kInt64:
      return static_cast<Result>(number_at<int64_t>(bytes, index));
    case ValueType::kFloat32:
      if constexpr (std::is_floating_point_v<Result>) return number_at<float>(bytes, index);
      break;
    case ValueType::kFloat64:
      if constexpr (std::is_floating_point_v<Result>) return number_at<double>(bytes, index);
      break;
    case ValueType::kBool:
    case ValueType::kString:
    case ValueType::kArray:
      break;
  }
  return std::nullopt;
}

std::vector<int64_t> read_shape(Reader& reader) {
  const auto dimensions = reader.number<uint32_t>();
  if (dimensions == 0 || dimensions > kMaxDimensions)
    throw Damaged{"a tensor of " + std::to_string(dimensions) + " dimensions"};
  std::vector<int64_t> shape(dimensions);
  int64_t size = 1;
  for (size_t i = dimensions; i-- > 0;) {  // the columns first
    shape[i] = reader.number<int64_t>();
    if (shape[i] <= 0 || __builtin_mul_overflow(size, shape[i], &size))
      throw Damaged{"a tensor of an impossible shape"};
  }
  return shape;
}

}  // namespace

void GgufFile::fail(const std::string& what) const { throw Error(where_ + ": " + what); }

GgufFile::GgufFile(const std::filesystem::path& path) : file_(path), where_(path.string()) {
  const std::string_view bytes(reinterpret_cast<const char*>(file_.bytes().data()), file_.bytes().size());
  if (!bytes.starts_with(kGgufMagic)) fail("not a GGUF file (it does not begin with \"GGUF\")");
  try {
    Reader reader(bytes.substr(kGgufMagic.size()));
    const auto version = reader.number<uint32_t>();
    if (version != 0 && version % (1 << 16) == 0)
      fail("a GGUF file of a big-endian machine; convert it to little-endian");
    if (version < kOldestVersion || version > kGgufVersion)
      fail("GGUF version " + std::to_string(version) + "; ktlm reads versions 2 and 3");
    const auto num_tensors = reader.number<uint64_t>(), num_keys = reader.number<uint64_t>();
    for (uint64_t i = 0; i < num_keys; ++i) {
      const std::string key(reader.text());
      Value value;
      value.type = static_cast<ValueType>(reader.number<uint32_t>());
      if (value.type == ValueType::kArray) {
        value.is_array = true;
        value.type = static_cast<ValueType>(reader.number<uint32_t>());
        value.count = reader.number<uint64_t>();
      }
      value.bytes = reader.values(value.type, value.count);
      values_.insert_or_assign(key, value);
    }
    for (uint64_t i = 0; i < num_tensors; ++i) {
      const std::string name(reader.text());
      Tensor tensor;
      tensor.shape = read_shape(reader);
      tensor.type = reader.number<uint32_t>();
      tensor.offset = reader.number<uint64_t>();
      if (!tensors_.emplace(name, std::move(tensor)).second) throw Damaged{"two tensors " + to_json_line(name)};
    }
    const int64_t alignment = has(keys::kAlignment) ? integer(keys::kAlignment) : kDefaultAlignment;
    if (alignment <= 0 || alignment > 1 << 20) throw Damaged{"an alignment of " + std::to_string(alignment)};
    const uint64_t header_bytes = bytes.size() - reader.rest_size(), step = static_cast<uint64_t>(alignment),
                   data_offset = (header_bytes + step - 1) / step * step;
    for (auto& [name, tensor] : tensors_)
      if (__builtin_add_overflow(tensor.offset, data_offset, &tensor.offset))
        throw Damaged{"tensor " + to_json_line(name) + " at an impossible place"};
    refuse_overlaps();
  } catch (const Damaged& damaged) {
    fail(damaged.what + "; copy or download it again");
  }
}

void GgufFile::refuse_overlaps() const {
  std::vector<std::pair<const std::string, Tensor> const*> in_order;
  for (const auto& entry : tensors_) in_order.push_back(&entry);
  std::ranges::sort(in_order, {}, [](const auto* entry) { return entry->second.offset; });
  for (size_t i = 0; i + 1 < in_order.size(); ++i) {
    const Tensor& tensor = in_order[i]->second;
    if (!is_known_type(tensor.type)) continue;  // of unknown size
    const BlockLayout layout = block_layout(static_cast<TensorType>(tensor.type));
    int64_t num_values = 1;
    for (const int64_t size : tensor.shape) num_values *= size;
    const uint64_t room = in_order[i + 1]->second.offset - tensor.offset;
    if (static_cast<uint64_t>(num_values / layout.values) > room / static_cast<uint64_t>(layout.bytes))
      throw Damaged{"tensors " + to_json_line(in_order[i]->first) + " and " + to_json_line(in_order[i + 1]->first) +
                    " overlap"};
  }
}

std::span<const std::byte> GgufFile::bytes_of(const std::string& name) const {
  const Tensor& tensor = tensors_.at(name);
  const auto type = static_cast<TensorType>(tensor.type);
  const BlockLayout layout = block_layout(type);
  int64_t num_values = 1;
  for (const int64_t size : tensor.shape) num_values *= size;
  if (tensor.shape.back() % layout.values != 0)
    fail("tensor \"" + name + "\": rows of " + std::to_string(tensor.shape.back()) + " values are no whole blocks of " +
         tensor_type_name(tensor.type) + " (damaged?)");
  const auto num_blocks = static_cast<uint64_t>(num_values / layout.values);
  const uint64_t file_size = file_.bytes().size(), room = tensor.offset < file_size ? file_size - tensor.offset : 0;
  if (num_blocks > room / static_cast<uint64_t>(layout.bytes))
    fail(format_bytes(static_cast<int64_t>(file_size)) + ", but it ends before its tensor \"" + name +
         "\" does (truncated?); copy or download it again");
  return file_.bytes().subspan(tensor.offset, num_blocks * static_cast<uint64_t>(layout.bytes));
}

const GgufFile::Value& GgufFile::value(const std::string& key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) fail("has no " + key + ", which ktlm needs");
  return found->second;
}

void GgufFile::fail_type(const std::string& key, const char* expected) const {
  fail(key + " should be " + expected + ", is of another type (damaged?)");
}

std::string GgufFile::checked_text(const std::string& key, std::string_view text) const {
  if (!text::is_valid_utf8(text)) fail(key + " holds what is no UTF-8 (damaged?)");
  return std::string(text);
}

int64_t GgufFile::integer(const std::string& key) const {
  const Value& found = value(key);
  const auto number = found.is_array ? std::nullopt : convert<int64_t>(found.type, found.bytes, 0);
  if (!number) fail_type(key, "an integer");
  return *number;
}

double GgufFile::number(const std::string& key) const {
  const Value& found = value(key);
  const auto number = found.is_array ? std::nullopt : convert<double>(found.type, found.bytes, 0);
  if (!number) fail_type(key, "a number");
  return *number;
}

bool GgufFile::boolean(const std::string& key) const {
  const Value& found = value(key);
  if (found.is_array || found.type != ValueType::kBool) fail_type(key, "true or false");
  return found.bytes[0] != 0;
}

std::string GgufFile::text(const std::string& key) const {
  const Value& found = value(key);
  if (found.is_array || found.type != ValueType::kString) fail_type(key, "a text");
  return checked_text(key, Reader(found.bytes).text());
}

std::vector<std::string> GgufFile::texts(const std::string& key) const {
  const Value& found = value(key);
  if (!found.is_array || found.type != ValueType::kString) fail_type(key, "a list of texts");
  std::vector<std::string> result;
  Reader reader(found.bytes);
  while (reader.rest_size() > 0) result.push_back(checked_text(key, reader.text()));
  return result;
}

std::vector<double> GgufFile::numbers(const std::string& key) const {
  const Value& found = value(key);
  std::vector<double> result;
  for (size_t i = 0; found.is_array && i < found.count; ++i) {
    const auto number = convert<double>(found.type, found.bytes, i);
    if (!number) fail_type(key, "a list of numbers");
    result.push_back(*number);
  }
  if (!found.is_array) fail_type(key, "a list of numbers");
  return result;
}

}  // namespace ktlm::formats
