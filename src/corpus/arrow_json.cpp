#include "arrow_json.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <string_view>

namespace ktlm::corpus {

namespace {

void append_string(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  size_t copied = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, copied, i - copied);
    copied = i + 1;
    if (byte == '\n')
      out += "\\n";
    else if (byte >= 0x20)
      (out += '\\') += text[i];
    else
      ((out += "\\u00") += kHex[byte >> 4]) += kHex[byte & 15];
  }
  out.append(text, copied);
  out += '"';
}

void append_value(const arrow::Array& array, int64_t row, std::string& out);

class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  void member(const std::string& name, const arrow::Array& array, int64_t row) {
    if (array.IsNull(row)) return;
    if (!is_first_) out_ += ',';
    is_first_ = false;
    append_string(name, out_);
    out_ += ':';
    append_value(array, row, out_);
  }
  void finish() { out_ += '}'; }

 private:
  std::string& out_;
  bool is_first_ = true;
};

template <class ListArray>
void append_list(const arrow::Array& array, int64_t row, std::string& out) {
  const auto& list = static_cast<const ListArray&>(array);
  const int64_t begin = list.value_offset(row), end = begin + list.value_length(row);
  out += '[';
  for (int64_t i = begin; i < end; ++i) {
    if (i > begin) out += ',';
    append_value(*list.values(), i, out);
  }
  out += ']';
}

void append_struct(const arrow::Array& array, int64_t row, std::string& out) {
  const auto& fields = static_cast<const arrow::StructArray&>(array);
  ObjectWriter object(out);
  for (int i = 0; i < fields.num_fields(); ++i)
    object.member(fields.struct_type()->field(i)->name(), *fields.field(i), row);
  object.finish();
}

template <class StringArray>
void append_text(const arrow::Array& array, int64_t row, std::string& out) {
  append_string(static_cast<const StringArray&>(array).GetView(row), out);
}

template <class IntegerArray>
void append_integer(const arrow::Array& array, int64_t row, std::string& out) {
  out += std::to_string(static_cast<const IntegerArray&>(array).Value(row));
}

void append_value(const arrow::Array& array, int64_t row, std::string& out) {
  using Type = arrow::Type;
  if (array.IsNull(row)) {
    out += "null";
    return;
  }
  switch (array.type_id()) {
    case Type::STRING:
    case Type::BINARY:
      return append_text<arrow::BinaryArray>(array, row, out);
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return append_text<arrow::LargeBinaryArray>(array, row, out);
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      return append_text<arrow::BinaryViewArray>(array, row, out);
    case Type::INT8:
      return append_integer<arrow::Int8Array>(array, row, out);
    case Type::INT16:
      return append_integer<arrow::Int16Array>(array, row, out);
    case Type::INT32:
      return append_integer<arrow::Int32Array>(array, row, out);
    case Type::INT64:
      return append_integer<arrow::Int64Array>(array, row, out);
    case Type::UINT8:
      return append_integer<arrow::UInt8Array>(array, row, out);
    case Type::UINT16:
      return append_integer<arrow::UInt16Array>(array, row, out);
    case Type::UINT32:
      return append_integer<arrow::UInt32Array>(array, row, out);
    case Type::UINT64:
      return append_integer<arrow::UInt64Array>(array, row, out);
    case Type::LIST:
    case Type::MAP:
      return append_list<arrow::ListArray>(array, row, out);
    case Type::LARGE_LIST:
      return append_list<arrow::LargeListArray>(array, row, out);
    case Type::FIXED_SIZE_LIST:
      return append_list<arrow::FixedSizeListArray>(array, row, out);
    case Type::LIST_VIEW:
      return append_list<arrow::ListViewArray>(array, row, out);
    case Type::LARGE_LIST_VIEW:
      return append_list<arrow::LargeListViewArray>(array, row, out);
    case Type::STRUCT:
      return append_struct(array, row, out);
    case Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      return append_value(*dictionary.dictionary(), dictionary.GetValueIndex(row), out);
    }
    case Type::EXTENSION:
      return append_value(*static_cast<const arrow::ExtensionArray&>(array).storage(), row, out);
    default:
      out += "null";  // times, decimals, fractions: nothing that a document is made of
  }
}

}  // namespace

bool is_text(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return true;
    case arrow::Type::DICTIONARY:
      return is_text(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::EXTENSION:
      return is_text(*static_cast<const arrow::ExtensionType&>(type).storage_type());
    default:
      return false;
  }
}

void append_json(const arrow::RecordBatch& batch, int64_t row, std::string& out) {
  ObjectWriter object(out);
  for (int i = 0; i < batch.num_columns(); ++i) object.member(batch.schema()->field(i)->name(), *batch.column(i), row);
  object.finish();
}

}  // namespace ktlm::corpus
