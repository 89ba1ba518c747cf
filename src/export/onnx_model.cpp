#include "onnx_model.h"

#include <cmath>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "ktlm/model/rotary_scaling.h"

namespace ktlm::formats {
namespace {

using Value = OnnxGraph::Value;
using Ints = std::vector<int64_t>;
using Tensors = std::map<std::string, model::SafetensorsFile::Tensor>;

class ModelBuilder {
 public:
  ModelBuilder(const model::ModelConfig& config, const Tensors& tensors, OnnxType type)
      : config_(config), tensors_(tensors), type_(type), head_dim_(config.resolved_head_dim()) {}

  OnnxGraph build() {
    declare_inputs();
    bias_ = attention_bias();
    std::tie(cos_, sin_) = rotary_angles();
    graph_.set_scope("/model");
    const Value embedding = weight("model.embed_tokens.weight");
    Value x = graph_.op("Gather", {embedding, "input_ids"});  // (B, T, C)
    for (int64_t layer = 0; layer < config_.n_layers; ++layer) x = block(x, layer);
    graph_.set_scope("/model");
    x = rms_norm(x, "model.norm.weight");
    graph_.set_scope("/lm_head");
    const Value head = config_.tie_embeddings ? graph_.op("Transpose", {embedding}, {{"perm", Ints{1, 0}}})
                                              : transposed_weight("lm_head.weight");  // (C, V)
    if (type_ == OnnxType::kFloat) {
      graph_.op_named("logits", "MatMul", {x, head});
    } else {
      graph_.op_named("logits", "Cast", {graph_.op("MatMul", {x, head})}, {{"to", as_attribute(OnnxType::kFloat)}});
    }
    return std::move(graph_);
  }

 private:
  static int64_t as_attribute(OnnxType type) { return static_cast<int64_t>(type); }

  static std::string name_of(const char* kind, int64_t layer, const char* part) {
    return std::string(kind) + "." + std::to_string(layer) + "." + part;
  }

  // In optimum's order and with its names of what varies.
  void declare_inputs() {
    const std::string batch = "batch_size", length = "sequence_length", past = "past_sequence_length",
                      total = "past_sequence_length + sequence_length";
    graph_.input("input_ids", OnnxType::kInt64, {batch, length});
    graph_.input("attention_mask", OnnxType::kInt64, {batch, total});
    graph_.input("position_ids", OnnxType::kInt64, {batch, length});
    graph_.output("logits", OnnxType::kFloat, {batch, length, config_.vocab_size});
    for (int64_t layer = 0; layer < config_.n_layers; ++layer) {
      for (const char* part : {"key", "value"}) {
        graph_.input(name_of("past_key_values", layer, part), type_, {batch, config_.n_kv_heads, past, head_dim_});
        graph_.output(name_of("present", layer, part), type_, {batch, config_.n_kv_heads, total, head_dim_});
      }
    }
  }

  Value weight(const std::string& name) { return graph_.weight({name, &tensors_.at(name), name, false, type_}); }

  // A projection's, (out, in) in the model file, as MatMul wants it, so that no program has to turn it at each start.
  Value transposed_weight(const std::string& name) {
    return graph_.weight({name + "_transposed", &tensors_.at(name), name, true, type_});
  }

  Value cast(const Value& x, OnnxType type) {
    return type_ == OnnxType::kFloat ? x : graph_.op("Cast", {x}, {{"to", as_attribute(type)}});
  }

  Value reshape(const Value& x, const Ints& shape) { return graph_.op("Reshape", {x, graph_.integers(shape)}); }

  Value linear(const Value& x, const std::string& name) { return graph_.op("MatMul", {x, transposed_weight(name)}); }

  // In the form that onnxruntime finds and makes one operator of.
  Value rms_norm(const Value& x, const std::string& name) {
    const OnnxType fp32 = OnnxType::kFloat;
    const Value wide = cast(x, fp32);
    const Value squares = graph_.op("Pow", {wide, graph_.number(2, fp32)});
    const Value mean = graph_.op("ReduceMean", {squares}, {{"axes", Ints{-1}}, {"keepdims", int64_t{1}}});
    const Value shifted = graph_.op("Add", {mean, graph_.number(static_cast<float>(config_.norm_eps), fp32)});
    const Value normed = graph_.op("Div", {wide, graph_.op("Sqrt", {shifted})});
    return graph_.op("Mul", {cast(normed, type_), weight(name)});
  }

  // What is added to the scores, (B, 1, G * T, P + T): 0 for tokens that stand no later and are no padding, else the
  // lowest number. Not infinity, of which a row of padding alone would make what is no number. For each of the G query
  // heads that share keys the rows repeat.
  Value attention_bias() {
    graph_.set_scope("/attention_bias");
    const auto length_of = [&](const char* name) {
      return graph_.op("Gather", {graph_.op("Shape", {name}), graph_.integer(1)});
    };
    const Value total = length_of("attention_mask"), length = length_of("input_ids");
    const Value past = graph_.op("Sub", {total, length});
    const Value columns = graph_.op("Range", {graph_.integer(0), total, graph_.integer(1)});  // (P + T)
    const Value rows =
        graph_.op("Unsqueeze", {graph_.op("Range", {past, total, graph_.integer(1)}), graph_.integers({1})});  // (T, 1)
    const Value is_no_later = graph_.op("LessOrEqual", {columns, rows});  // (T, P + T)
    const Value is_text = graph_.op("Cast", {"attention_mask"}, {{"to", as_attribute(OnnxType::kBool)}});
    const Value seen = graph_.op("And", {is_no_later, graph_.op("Unsqueeze", {is_text, graph_.integers({1, 2})})});
    const Value bias = graph_.op(
        "Where", {seen, graph_.number(0, OnnxType::kFloat),
                  graph_.number(std::numeric_limits<float>::lowest(), OnnxType::kFloat)});  // (B, 1, T, P + T)
    const auto group = static_cast<size_t>(config_.n_heads / config_.n_kv_heads);
    return group == 1 ? bias : graph_.op("Concat", std::vector(group, bias), {{"axis", int64_t{2}}});
  }

  // Of the tokens' positions, (B, 1, T, D/2) each, out of tables made as ktlm's own engines make theirs: sines of large
  // angles differ from device to device.
  std::pair<Value, Value> rotary_angles() {
    graph_.set_scope("/rotary");
    const int64_t half = head_dim_ / 2;
    std::vector<float> cosines, sines;
    for (int64_t position = 0; position < config_.max_seq_len; ++position) {
      for (int64_t i = 0; i < half; ++i) {
        const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_dim_);
        const float frequency = 1 / std::pow(static_cast<float>(config_.rope_theta), exponent);
        const float angle = static_cast<float>(position) * model::scaled_frequency(frequency, config_);
        cosines.push_back(std::cos(angle));
        sines.push_back(std::sin(angle));
      }
    }
    const auto look_up = [&](const char* name, const std::vector<float>& table) {
      const Value values = graph_.numbers(name, table, {config_.max_seq_len, half}, type_);
      return graph_.op("Unsqueeze", {graph_.op("Gather", {values, "position_ids"}), graph_.integers({1})});
    };
    return {look_up("rotary.cos", cosines), look_up("rotary.sin", sines)};
  }

  // (B, H, T, D)
  Value rotate(const Value& x) {
    const auto [first, second] = graph_.halves(x, head_dim_ / 2);
    const auto product = [&](const Value& a, const Value& b) { return graph_.op("Mul", {a, b}); };
    return graph_.op("Concat",
                     {graph_.op("Sub", {product(first, cos_), product(second, sin_)}),
                      graph_.op("Add", {product(second, cos_), product(first, sin_)})},
                     {{"axis", int64_t{-1}}});
  }

  // (B, T, n * D) -> (B, n, T, D)
  Value heads(const Value& x, int64_t num_heads, const std::string& norm) {
    Value split = reshape(x, {0, 0, num_heads, head_dim_});
    if (!norm.empty()) split = rms_norm(split, norm);
    return graph_.op("Transpose", {split}, {{"perm", Ints{0, 2, 1, 3}}});
  }

  Value with_past(const Value& x, int64_t layer, const char* part) {
    return graph_.op_named(name_of("present", layer, part), "Concat", {name_of("past_key_values", layer, part), x},
                           {{"axis", int64_t{2}}});
  }

  Value attention(const Value& x, int64_t layer, const std::string& prefix) {
    const auto norm = [&](const char* name) { return config_.qk_norm ? prefix + name + ".weight" : std::string(); };
    const Value q = rotate(heads(linear(x, prefix + "q_proj.weight"), config_.n_heads, norm("q_norm")));
    const Value k =
        with_past(rotate(heads(linear(x, prefix + "k_proj.weight"), config_.n_kv_heads, norm("k_norm"))), layer, "key");
    const Value v = with_past(heads(linear(x, prefix + "v_proj.weight"), config_.n_kv_heads, ""), layer, "value");
    const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(head_dim_)));
    // The G query heads that share keys stand one below the other, so that no key is copied.
    const Value queries = reshape(graph_.op("Mul", {q, graph_.number(scale, type_)}),
                                  {0, config_.n_kv_heads, -1, head_dim_});  // (B, K, G * T, D)
    const Value scores = graph_.op("MatMul", {queries, graph_.op("Transpose", {k}, {{"perm", Ints{0, 1, 3, 2}}})});
    const Value biased = graph_.op("Add", {cast(scores, OnnxType::kFloat), bias_});  // (B, K, G * T, P + T)
    const Value shares = cast(graph_.op("Softmax", {biased}, {{"axis", int64_t{-1}}}), type_);
    const Value mixed = reshape(graph_.op("MatMul", {shares, v}), {0, config_.n_heads, -1, head_dim_});  // (B, H, T, D)
    const Value rows = graph_.op("Transpose", {mixed}, {{"perm", Ints{0, 2, 1, 3}}});
    return linear(reshape(rows, {0, 0, config_.n_heads * head_dim_}), prefix + "o_proj.weight");
  }

  Value feed_forward(const Value& x, const std::string& prefix) {
    const Value gate = linear(x, prefix + "gate_proj.weight");
    const Value activated = graph_.op("Mul", {gate, graph_.op("Sigmoid", {gate})});
    return linear(graph_.op("Mul", {activated, linear(x, prefix + "up_proj.weight")}), prefix + "down_proj.weight");
  }

  Value block(const Value& x, int64_t layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".",
                      scope = "/model/layers." + std::to_string(layer);
    graph_.set_scope(scope + "/self_attn");
    const Value after_attention =
        graph_.op("Add", {x, attention(rms_norm(x, prefix + "input_layernorm.weight"), layer, prefix + "self_attn.")});
    graph_.set_scope(scope + "/mlp");
    return graph_.op(
        "Add", {after_attention,
                feed_forward(rms_norm(after_attention, prefix + "post_attention_layernorm.weight"), prefix + "mlp.")});
  }

  const model::ModelConfig& config_;
  const Tensors& tensors_;
  OnnxType type_;
  int64_t head_dim_;
  OnnxGraph graph_;
  Value bias_, cos_, sin_;
};

}  // namespace

OnnxGraph onnx_model(const model::ModelConfig& config, const Tensors& tensors, OnnxType type) {
  return ModelBuilder(config, tensors, type).build();
}

}  // namespace ktlm::formats
