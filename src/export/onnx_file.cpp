#include "onnx_file.h"

#include <algorithm>
#include <vector>

#include "block_formats.h"
#include "ktlm/core/files.h"
#include "onnx_model.h"
#include "source_weights.h"

namespace ktlm::formats {
namespace {

namespace fs = std::filesystem;

// Field numbers of onnx.proto, by message.
enum ModelField : int { kIrVersion = 1, kProducerName = 2, kGraph = 7, kOpsetImport = 8 };
enum OpsetField : int { kOpsetVersion = 2 };
enum GraphField : int { kGraphName = 2 };
enum EntryField : int { kEntryKey = 1, kEntryValue = 2 };
constexpr int64_t kExternal = 1;  // TensorProto.DataLocation

constexpr uint64_t kPageBytes = 4096;  // weights in a file of their own begin at one, so that a program can map them
constexpr int64_t kBlockValues = 1 << 20, kBlockColumns = 64;  // what is taken in at once: rows, or columns to be rows

uint64_t rounded_up(uint64_t size_bytes) { return (size_bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

// Values in the order of the file, of a tensor of F32, F16 or BF16.
void read_values(const model::SafetensorsFile::Tensor& tensor, int64_t first, int64_t count, float* to) {
  const TensorType type = source_type(tensor);
  decode_row(tensor.bytes.data() + row_bytes(type, first), count, type, to);
}

class WeightWriter {
 public:
  WeightWriter(AtomicFile& file, const std::string& where, const StopFlag& stop)
      : file_(file), where_(where), stop_(stop) {}

  void write(const OnnxWeight& weight) {
    const auto& shape = weight.source->shape;
    const int64_t cols = shape.back(), rows = shape.size() == 2 ? shape.front() : 1;
    const int64_t step = weight.transposed ? kBlockColumns : std::max<int64_t>(1, kBlockValues / cols);
    const int64_t end = weight.transposed ? cols : rows;
    for (int64_t begin = 0; begin < end; begin += step) {
      if (stop_.requested()) throw Stopped{};
      const int64_t count = std::min(step, end - begin);
      if (weight.transposed) {
        read_columns(*weight.source, begin, count);
      } else {
        values_.resize(static_cast<size_t>(count * cols));
        read_values(*weight.source, begin * cols, count * cols, values_.data());
      }
      check_values(values_, *weight.source, tensor_type(weight.type), where_, weight.source_name);
      write_values(weight.type);
    }
  }

 private:
  // Each becomes a row.
  void read_columns(const model::SafetensorsFile::Tensor& matrix, int64_t begin, int64_t count) {
    const int64_t rows = matrix.shape[0], cols = matrix.shape[1];
    values_.resize(static_cast<size_t>(count * rows));
    float part[kBlockColumns];
    for (int64_t row = 0; row < rows; ++row) {
      read_values(matrix, row * cols + begin, count, part);
      for (int64_t i = 0; i < count; ++i) values_[static_cast<size_t>(i * rows + row)] = part[i];
    }
  }

  void write_values(OnnxType type) {
    const auto size = static_cast<int64_t>(values_.size());
    bytes_.resize(static_cast<size_t>(row_bytes(tensor_type(type), size)));
    encode_row(values_.data(), size, tensor_type(type), bytes_.data());
    file_.write(bytes_.data(), bytes_.size());
  }

  AtomicFile& file_;
  const std::string& where_;
  const StopFlag& stop_;
  std::vector<float> values_;
  std::vector<std::byte> bytes_;
};

// A weight within the file, up to its bytes: a field of the graph that holds a TensorProto.
std::string inline_header(const OnnxWeight& weight) {
  auto tensor = onnx_tensor_header(weight.name, weight.type, weight.shape());
  tensor.begin_text(onnx_fields::kRawData, weight.size_bytes());
  ProtobufWriter field;
  field.begin_text(onnx_fields::kInitializer, tensor.bytes().size() + weight.size_bytes());
  return field.bytes() + tensor.bytes();
}

// A weight that lies in another file of the folder.
std::string external_tensor(const OnnxWeight& weight, const std::string& file, uint64_t offset) {
  auto tensor = onnx_tensor_header(weight.name, weight.type, weight.shape());
  const auto add_entry = [&](const char* key, const std::string& value) {
    ProtobufWriter entry;
    entry.text(kEntryKey, key);
    entry.text(kEntryValue, value);
    tensor.text(onnx_fields::kExternalData, entry.bytes());
  };
  add_entry("location", file);
  add_entry("offset", std::to_string(offset));
  add_entry("length", std::to_string(weight.size_bytes()));
  tensor.varint(onnx_fields::kDataLocation, kExternal);
  ProtobufWriter field;
  field.text(onnx_fields::kInitializer, tensor.bytes());
  return field.bytes();
}

// ModelProto up to the bytes of its graph, of which there are `graph_bytes`.
std::string model_header(uint64_t graph_bytes) {
  ProtobufWriter opset, message;
  opset.varint(kOpsetVersion, kOnnxOpset);
  message.varint(kIrVersion, kOnnxIrVersion);
  message.text(kProducerName, "ktlm");
  message.text(kOpsetImport, opset.bytes());
  message.begin_text(kGraph, graph_bytes);
  return message.bytes();
}

}  // namespace

bool write_onnx_file(const OnnxGraph& graph, const fs::path& path, const std::string& where, const StopFlag& stop,
                     uint64_t limit_bytes) {
  ProtobufWriter name;
  name.text(kGraphName, "main_graph");
  const std::string start = name.bytes() + graph.message().bytes();
  std::vector<std::string> headers;
  uint64_t graph_bytes = start.size();
  for (const auto& weight : graph.weights()) {
    headers.push_back(inline_header(weight));
    graph_bytes += headers.back().size() + weight.size_bytes();
  }
  const std::string model = model_header(graph_bytes);
  AtomicFile file(path);
  if (model.size() + graph_bytes <= limit_bytes) {
    WeightWriter writer(file, where, stop);
    file.write(model);
    file.write(start);
    for (size_t i = 0; i < headers.size(); ++i) {
      file.write(headers[i]);
      writer.write(graph.weights()[i]);
    }
    file.commit();
    return false;
  }
  const fs::path data_path = path.string() + kDataEnding;
  AtomicFile data(data_path);
  WeightWriter writer(data, where, stop);
  std::string tensors;
  for (const auto& weight : graph.weights()) {
    data.write(std::string(rounded_up(data.size_bytes()) - data.size_bytes(), '\0'));
    tensors += external_tensor(weight, data_path.filename().string(), data.size_bytes());
    writer.write(weight);
  }
  file.write(model_header(start.size() + tensors.size()));
  file.write(start);
  file.write(tensors);
  data.commit();
  file.commit();
  return true;
}

}  // namespace ktlm::formats
