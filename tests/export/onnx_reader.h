// Reads an .onnx file back, by the field numbers of onnx.proto, so far as the tests look into it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/core/files.h"
#include "ktlm/core/protobuf.h"

namespace ktlm::test {

/// The fields of one message: numbers as they are, bytes as they are.
struct ProtobufFields {
  std::multimap<uint64_t, uint64_t> numbers;
  std::multimap<uint64_t, std::string_view> bytes;

  explicit ProtobufFields(std::string_view message) {
    for (ProtobufReader reader(message); reader.next();) {
      const auto field = static_cast<uint64_t>(reader.field());
      numbers.emplace(field, reader.integer());
      bytes.emplace(field, reader.text());
    }
  }

  std::string_view view(uint64_t field) const { return bytes.find(field)->second; }
  std::string text(uint64_t field) const { return std::string(view(field)); }
  uint64_t number(uint64_t field) const { return numbers.find(field)->second; }
  std::vector<std::string> texts(uint64_t field) const {
    std::vector<std::string> result;
    for (auto [each, end] = bytes.equal_range(field); each != end; ++each) result.emplace_back(each->second);
    return result;
  }
};

struct OnnxTensor {
  std::vector<int64_t> shape;
  int64_t type = 0;
  std::string bytes;
  uint64_t offset = 0;  // where the bytes lie in another file
};

struct OnnxNode {
  std::string type;
  std::vector<std::string> inputs, outputs;
};

struct OnnxModel {
  int64_t ir_version = 0, opset = 0;
  std::vector<OnnxNode> nodes;
  std::map<std::string, OnnxTensor> tensors;
  std::vector<std::string> inputs, outputs;  // "name: type [sizes]"
};

inline OnnxTensor read_onnx_tensor(const ProtobufFields& fields, const std::filesystem::path& folder) {
  OnnxTensor tensor{.type = static_cast<int64_t>(fields.number(2))};
  for (auto [each, end] = fields.numbers.equal_range(1); each != end; ++each)
    tensor.shape.push_back(static_cast<int64_t>(each->second));
  if (fields.numbers.count(14) == 0) {
    tensor.bytes = fields.text(9);
    return tensor;
  }
  std::map<std::string, std::string> entries;
  for (const auto& each : fields.texts(13)) {
    const ProtobufFields entry(each);
    entries[entry.text(1)] = entry.text(2);
  }
  tensor.offset = std::stoull(entries.at("offset"));
  tensor.bytes = read_file(folder / entries.at("location")).substr(tensor.offset, std::stoull(entries.at("length")));
  return tensor;
}

inline std::string describe_onnx_value(const ProtobufFields& fields) {
  const ProtobufFields type(fields.view(2)), tensor(type.view(1));
  std::string sizes;
  for (const auto& each : ProtobufFields(tensor.view(2)).texts(1)) {
    const ProtobufFields dimension(each);
    sizes += (sizes.empty() ? "" : ", ") +
             (dimension.numbers.count(2) == 0 ? std::to_string(dimension.number(1)) : dimension.text(2));
  }
  return fields.text(1) + ": " + std::to_string(tensor.number(1)) + " [" + sizes + "]";
}

inline OnnxModel read_onnx(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  const ProtobufFields file(bytes), graph(file.view(7));
  OnnxModel model{.ir_version = static_cast<int64_t>(file.number(1))};
  model.opset = static_cast<int64_t>(ProtobufFields(file.view(8)).number(2));
  for (const auto& each : graph.texts(1)) {
    const ProtobufFields node(each);
    model.nodes.push_back({node.text(4), node.texts(1), node.texts(2)});
  }
  for (const auto& each : graph.texts(5)) {
    const ProtobufFields tensor(each);
    model.tensors[tensor.text(8)] = read_onnx_tensor(tensor, path.parent_path());
  }
  for (const auto& each : graph.texts(11)) model.inputs.push_back(describe_onnx_value(ProtobufFields(each)));
  for (const auto& each : graph.texts(12)) model.outputs.push_back(describe_onnx_value(ProtobufFields(each)));
  return model;
}

}  // namespace ktlm::test
