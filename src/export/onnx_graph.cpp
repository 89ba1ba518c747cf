#include "onnx_graph.h"

#include <algorithm>
#include <cstring>

#include "block_formats.h"
#include "ktlm/core/text_format.h"

namespace ktlm::formats {
namespace {

// Field numbers of onnx.proto, by message; later versions only add to them.
enum GraphField : int { kNode = 1, kGraphInput = 11, kGraphOutput = 12 };
enum NodeField : int { kNodeInput = 1, kNodeOutput = 2, kNodeName = 3, kOpType = 4, kAttribute = 5 };
enum AttributeField : int { kAttributeName = 1, kIntegerValue = 3, kIntegersValue = 8, kAttributeType = 20 };
enum AttributeType : int64_t { kIntegerType = 2, kIntegersType = 7 };
enum TensorField : int { kDims = 1, kDataType = 2, kTensorName = 8 };
enum ValueInfoField : int { kValueName = 1, kValueType = 2 };
enum TypeField : int { kTensorType = 1, kElementType = 1, kShape = 2, kDimension = 1, kSize = 1, kSizeName = 2 };

ProtobufWriter attribute_message(const OnnxAttribute& attribute) {
  ProtobufWriter message;
  message.text(kAttributeName, attribute.name);
  if (const auto* integer = std::get_if<int64_t>(&attribute.value)) {
    message.varint(kIntegerValue, *integer);
    message.varint(kAttributeType, kIntegerType);
  } else {
    for (const int64_t each : std::get<std::vector<int64_t>>(attribute.value)) message.varint(kIntegersValue, each);
    message.varint(kAttributeType, kIntegersType);
  }
  return message;
}

ProtobufWriter value_info(const std::string& name, OnnxType type, const std::vector<OnnxGraph::Dimension>& shape) {
  ProtobufWriter dimensions;
  for (const auto& each : shape) {
    ProtobufWriter dimension;
    if (const auto* size = std::get_if<int64_t>(&each)) {
      dimension.varint(kSize, *size);
    } else {
      dimension.text(kSizeName, std::get<std::string>(each));
    }
    dimensions.text(kDimension, dimension.bytes());
  }
  ProtobufWriter tensor_type, type_message, info;
  tensor_type.varint(kElementType, static_cast<int64_t>(type));
  tensor_type.text(kShape, dimensions.bytes());
  type_message.text(kTensorType, tensor_type.bytes());
  info.text(kValueName, name);
  info.text(kValueType, type_message.bytes());
  return info;
}

template <class Number>
std::string bytes_of(const std::vector<Number>& values) {
  std::string bytes(values.size() * sizeof(Number), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

}  // namespace

std::vector<int64_t> OnnxWeight::shape() const {
  auto shape = source->shape;
  if (transposed) std::reverse(shape.begin(), shape.end());
  return shape;
}

uint64_t OnnxWeight::size_bytes() const {
  int64_t num_values = 1;
  for (const int64_t each : source->shape) num_values *= each;
  return static_cast<uint64_t>(row_bytes(tensor_type(type), num_values));
}

ProtobufWriter onnx_tensor_header(const std::string& name, OnnxType type, const std::vector<int64_t>& shape) {
  ProtobufWriter tensor;
  for (const int64_t size : shape) tensor.varint(kDims, size);
  tensor.varint(kDataType, static_cast<int64_t>(type));
  tensor.text(kTensorName, name);
  return tensor;
}

void OnnxGraph::input(const std::string& name, OnnxType type, const std::vector<Dimension>& shape) {
  graph_.text(kGraphInput, value_info(name, type, shape).bytes());
}

void OnnxGraph::output(const std::string& name, OnnxType type, const std::vector<Dimension>& shape) {
  graph_.text(kGraphOutput, value_info(name, type, shape).bytes());
}

std::string OnnxGraph::node_name(const std::string& type) const {
  return scope_ + "/" + type + "_" + std::to_string(num_nodes_);
}

void OnnxGraph::add_node(const std::string& type, const std::vector<Value>& inputs, const std::vector<Value>& results,
                         const std::vector<OnnxAttribute>& attributes) {
  ProtobufWriter node;
  for (const Value& each : inputs) node.text(kNodeInput, each);
  for (const Value& each : results) node.text(kNodeOutput, each);
  node.text(kNodeName, node_name(type));
  node.text(kOpType, type);
  for (const auto& each : attributes) node.text(kAttribute, attribute_message(each).bytes());
  graph_.text(kNode, node.bytes());
  ++num_nodes_;
}

OnnxGraph::Value OnnxGraph::op(const std::string& type, const std::vector<Value>& inputs,
                               const std::vector<OnnxAttribute>& attributes) {
  return op_named(node_name(type) + "_output", type, inputs, attributes);
}

OnnxGraph::Value OnnxGraph::op_named(const Value& result, const std::string& type, const std::vector<Value>& inputs,
                                     const std::vector<OnnxAttribute>& attributes) {
  add_node(type, inputs, {result}, attributes);
  return result;
}

std::pair<OnnxGraph::Value, OnnxGraph::Value> OnnxGraph::halves(const Value& value, int64_t half) {
  const std::string name = node_name("Split");
  const std::pair results(name + "_first", name + "_second");
  add_node("Split", {value, integers({half, half})}, {results.first, results.second}, {{"axis", int64_t{-1}}});
  return results;
}

OnnxGraph::Value OnnxGraph::constant(const std::string& name, OnnxType type, const std::vector<int64_t>& shape,
                                     const std::string& bytes) {
  if (!constants_.insert(name).second) return name;
  auto tensor = onnx_tensor_header(name, type, shape);
  tensor.text(onnx_fields::kRawData, bytes);
  graph_.text(onnx_fields::kInitializer, tensor.bytes());
  return name;
}

OnnxGraph::Value OnnxGraph::integers(const std::vector<int64_t>& values) {
  std::string name = "integers";
  for (const int64_t each : values) name += "_" + std::to_string(each);
  return constant(name, OnnxType::kInt64, {static_cast<int64_t>(values.size())}, bytes_of(values));
}

OnnxGraph::Value OnnxGraph::integer(int64_t value) {
  return constant("integer_" + std::to_string(value), OnnxType::kInt64, {}, bytes_of(std::vector{value}));
}

OnnxGraph::Value OnnxGraph::number(float value, OnnxType type) {
  const char* const kind = type == OnnxType::kFloat16 ? "fp16_" : "fp32_";
  return numbers(kind + format_double(double{value}), {value}, {}, type);
}

OnnxGraph::Value OnnxGraph::numbers(const std::string& name, const std::vector<float>& values,
                                    const std::vector<int64_t>& shape, OnnxType type) {
  const auto size = static_cast<int64_t>(values.size());
  std::vector<std::byte> bytes(static_cast<size_t>(row_bytes(tensor_type(type), size)));
  encode_row(values.data(), size, tensor_type(type), bytes.data());
  return constant(name, type, shape, bytes_of(bytes));
}

OnnxGraph::Value OnnxGraph::weight(OnnxWeight weight) {
  weights_.push_back(std::move(weight));
  return weights_.back().name;
}

}  // namespace ktlm::formats
