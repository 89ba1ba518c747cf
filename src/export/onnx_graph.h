// An ONNX graph under construction (onnx.proto; github.com/onnx/onnx/blob/main/docs/IR.md): operators in the order of
// the computation, what goes in and out, constants, and weights, which stay where they are until the file is written.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "block_formats.h"
#include "ktlm/core/protobuf.h"
#include "ktlm/model/safetensors_file.h"

namespace ktlm::formats {

/// onnx.proto's TensorProto.DataType.
enum class OnnxType : int32_t { kFloat = 1, kInt64 = 7, kBool = 9, kFloat16 = 10 };

/// How numbers of kFloat and kFloat16 lie in memory.
inline TensorType tensor_type(OnnxType type) {
  return type == OnnxType::kFloat16 ? TensorType::kF16 : TensorType::kF32;
}

/// A tensor of the model file, cast to the graph's numbers when it is written.
struct OnnxWeight {
  std::string name;
  const model::SafetensorsFile::Tensor* source;
  std::string source_name;
  bool transposed;  // a matrix, (rows, cols) in the model file, goes out as (cols, rows)
  OnnxType type;    // kFloat or kFloat16

  /// As the graph has it.
  std::vector<int64_t> shape() const;
  uint64_t size_bytes() const;
};

struct OnnxAttribute {
  std::string name;
  std::variant<int64_t, std::vector<int64_t>> value;
};

class OnnxGraph {
 public:
  using Value = std::string;  // values are known by their names

  /// A dimension: a number, or a name where it is known when the graph runs.
  using Dimension = std::variant<int64_t, std::string>;

  void input(const std::string& name, OnnxType type, const std::vector<Dimension>& shape);
  void output(const std::string& name, OnnxType type, const std::vector<Dimension>& shape);

  /// The result of an operator; its node is named by the scope, as in "/layers.0/self_attn/MatMul_7".
  Value op(const std::string& type, const std::vector<Value>& inputs,
           const std::vector<OnnxAttribute>& attributes = {});
  /// The same, with a name of its own for the result, such as an output's.
  Value op_named(const Value& result, const std::string& type, const std::vector<Value>& inputs,
                 const std::vector<OnnxAttribute>& attributes = {});
  /// Two results: the halves of the last axis, `half` values each.
  std::pair<Value, Value> halves(const Value& value, int64_t half);

  /// Constants. Those of the same values are one.
  Value integers(const std::vector<int64_t>& values);  // (n)
  Value integer(int64_t value);                        // ()
  Value number(float value, OnnxType type);            // ()
  /// `type` is kFloat or kFloat16.
  Value numbers(const std::string& name, const std::vector<float>& values, const std::vector<int64_t>& shape,
                OnnxType type);

  Value weight(OnnxWeight weight);

  void set_scope(std::string scope) { scope_ = std::move(scope); }

  /// GraphProto without the weights.
  const ProtobufWriter& message() const { return graph_; }
  const std::vector<OnnxWeight>& weights() const { return weights_; }

 private:
  void add_node(const std::string& type, const std::vector<Value>& inputs, const std::vector<Value>& results,
                const std::vector<OnnxAttribute>& attributes);
  std::string node_name(const std::string& type) const;
  Value constant(const std::string& name, OnnxType type, const std::vector<int64_t>& shape, const std::string& bytes);

  ProtobufWriter graph_;
  std::vector<OnnxWeight> weights_;
  std::set<Value> constants_;
  std::string scope_;
  int64_t num_nodes_ = 0;
};

/// What stands before a weight's bytes in a TensorProto: its shape, type and name.
ProtobufWriter onnx_tensor_header(const std::string& name, OnnxType type, const std::vector<int64_t>& shape);

/// The fields of onnx.proto that whoever writes the weights fills: GraphProto's, and TensorProto's.
namespace onnx_fields {
inline constexpr int kInitializer = 5;
inline constexpr int kRawData = 9, kExternalData = 13, kDataLocation = 14;
}  // namespace onnx_fields

}  // namespace ktlm::formats
