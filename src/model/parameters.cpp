#include "parameters.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

namespace ktlm::model {

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

std::vector<at::Tensor> initial_values(const std::vector<ParameterSpec>& specs, int64_t n_layers, uint64_t seed,
                                       double embedding_std) {
  auto generator = at::detail::createCPUGenerator(seed);
  std::vector<at::Tensor> values;
  values.reserve(specs.size());
  for (const auto& spec : specs) {
    auto value = at::empty(spec.shape, at::kFloat);
    switch (spec.initial) {
      case Initial::kOnes:
        value.fill_(1.0);
        break;
      case Initial::kEmbedding:
        value.normal_(0.0, embedding_std, generator);
        break;
      case Initial::kTiedOutputNorm:
        value.fill_(kInitialStandardDeviation / embedding_std);
        break;
      case Initial::kNormal:
        value.normal_(0.0, kInitialStandardDeviation, generator);
        break;
      case Initial::kResidualOutput:
        value.normal_(0.0, kInitialStandardDeviation / std::sqrt(2.0 * static_cast<double>(n_layers)), generator);
        break;
    }
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace ktlm::model
