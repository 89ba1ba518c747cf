#include "ktlm/model/parameter_specs.h"

#include "ktlm/core/error.h"

namespace ktlm::model {
namespace {

using Shape = std::vector<int64_t>;

std::string shape_text(const Shape& shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

}  // namespace

std::vector<ParameterSpec> parameter_specs(const ModelConfig& config) {
  const int64_t c = config.d_model, d = config.resolved_head_dim(), f = config.d_ff;
  const int64_t q = config.n_heads * d, kv = config.n_kv_heads * d;
  std::vector<ParameterSpec> specs{{"model.embed_tokens.weight", {config.vocab_size, c}, Initial::kEmbedding}};
  for (int64_t layer = 0; layer < config.n_layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    const auto add = [&](const char* name, std::vector<int64_t> shape, Initial initial) {
      specs.push_back({prefix + name + ".weight", std::move(shape), initial});
    };
    add("input_layernorm", {c}, Initial::kOnes);
    add("self_attn.q_proj", {q, c}, Initial::kNormal);
    add("self_attn.k_proj", {kv, c}, Initial::kNormal);
    add("self_attn.v_proj", {kv, c}, Initial::kNormal);
    if (config.qk_norm) {
      add("self_attn.q_norm", {d}, Initial::kOnes);
      add("self_attn.k_norm", {d}, Initial::kOnes);
    }
    add("self_attn.o_proj", {c, q}, Initial::kResidualOutput);
    add("post_attention_layernorm", {c}, Initial::kOnes);
    add("mlp.gate_proj", {f, c}, Initial::kNormal);
    add("mlp.up_proj", {f, c}, Initial::kNormal);
    add("mlp.down_proj", {c, f}, Initial::kResidualOutput);
  }
  specs.push_back({"model.norm.weight", {c}, config.tie_embeddings ? Initial::kTiedOutputNorm : Initial::kOnes});
  if (!config.tie_embeddings) specs.push_back({"lm_head.weight", {config.vocab_size, c}, Initial::kNormal});
  return specs;
}

void check_shapes(const std::vector<ParameterSpec>& specs, const std::map<std::string, Shape>& shapes,
                  const std::string& where) {
  for (const auto& spec : specs) {
    const auto found = shapes.find(spec.name);
    if (found == shapes.end()) {
      throw Error(where + ": tensor \"" + spec.name + "\" is missing; is the file of this config.json?");
    }
    if (found->second != spec.shape) {
      throw Error(where + ": tensor \"" + spec.name + "\" has shape " + shape_text(found->second) +
                  ", but config.json asks for " + shape_text(spec.shape));
    }
  }
  if (shapes.size() == specs.size()) return;
  auto rest = shapes;
  for (const auto& spec : specs) rest.erase(spec.name);
  throw Error(where + ": tensor \"" + rest.begin()->first +
              "\" is unexpected; config.json describes a model without it");
}

}  // namespace ktlm::model
