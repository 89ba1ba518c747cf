#include "ktlm/model/language_model.h"

#include "ktlm/core/error.h"
#include "ktlm/model/rotary_scaling.h"
#include "ktlm/ops/attention.h"
#include "ktlm/ops/autocast.h"
#include "ktlm/ops/checkpointing.h"
#include "ktlm/ops/linear_cross_entropy.h"
#include "ktlm/ops/rms_norm.h"
#include "parameters.h"
#include "transformer_block.h"

namespace ktlm::model {
namespace {

using ParameterMap = std::map<std::string, at::Tensor>;

BlockWeights block_weights(const ParameterMap& parameters, int64_t layer, bool qk_norm) {
  const auto get = [&](const char* name) {
    return parameters.at("model.layers." + std::to_string(layer) + "." + name + ".weight");
  };
  BlockWeights block{
      .attention_norm = get("input_layernorm"),
      .attention = {.q_proj = get("self_attn.q_proj"),
                    .k_proj = get("self_attn.k_proj"),
                    .v_proj = get("self_attn.v_proj"),
                    .o_proj = get("self_attn.o_proj")},
      .feed_forward_norm = get("post_attention_layernorm"),
      .feed_forward = {
          .gate_proj = get("mlp.gate_proj"), .up_proj = get("mlp.up_proj"), .down_proj = get("mlp.down_proj")}};
  if (qk_norm) {
    block.attention.q_norm = get("self_attn.q_norm");
    block.attention.k_norm = get("self_attn.k_norm");
  }
  return block;
}

void check_parameters(const std::vector<ParameterSpec>& specs, const ParameterMap& parameters,
                      const std::string& where) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& [name, tensor] : parameters) shapes.emplace(name, tensor.sizes().vec());
  check_shapes(specs, shapes, where);
}

ParameterMap initial_parameters(const ModelConfig& config, at::Device device, at::ScalarType dtype, uint64_t seed,
                                double embedding_std) {
  config.validate();
  if (config.vocab_size == 0) throw ConfigError("model: vocab_size is 0; set it to the tokenizer's number of pieces");
  const auto specs = parameter_specs(config);
  const auto values = initial_values(specs, config.n_layers, seed, embedding_std);
  ParameterMap parameters;
  for (size_t i = 0; i < specs.size(); ++i) parameters[specs[i].name] = values[i].to(device, dtype);
  return parameters;
}

}  // namespace

struct LanguageModel::Impl {
  ModelConfig config;
  std::vector<NamedParameter> parameters;
  at::Tensor embedding, final_norm, head;  // (V, C) (C) (V, C); head is the embedding where they are tied
  std::vector<BlockWeights> blocks;
  ops::RotaryTable rotary;
  bool gradient_checkpointing = false;
};

LanguageModel::LanguageModel(const ModelConfig& config, at::Device device, at::ScalarType dtype, uint64_t seed,
                             double embedding_std)
    : LanguageModel(config, initial_parameters(config, device, dtype, seed, embedding_std), "model") {}

LanguageModel::LanguageModel(const ModelConfig& config, ParameterMap parameters, const std::string& where)
    : impl_(std::make_unique<Impl>()) {
  config.validate();
  const auto specs = parameter_specs(config);
  check_parameters(specs, parameters, where);
  impl_->config = config;
  for (const auto& spec : specs) impl_->parameters.push_back({spec.name, parameters.at(spec.name)});
  impl_->embedding = parameters.at("model.embed_tokens.weight");
  impl_->final_norm = parameters.at("model.norm.weight");
  impl_->head = config.tie_embeddings ? impl_->embedding : parameters.at("lm_head.weight");
  for (int64_t layer = 0; layer < config.n_layers; ++layer) {
    impl_->blocks.push_back(block_weights(parameters, layer, config.qk_norm));
  }
  impl_->rotary = ops::make_rotary_table(config.max_seq_len, config.resolved_head_dim(), config.rope_theta, device(),
                                         [&config](float frequency) { return scaled_frequency(frequency, config); });
}

LanguageModel::LanguageModel(LanguageModel&&) noexcept = default;
LanguageModel& LanguageModel::operator=(LanguageModel&&) noexcept = default;
LanguageModel::~LanguageModel() = default;

const ModelConfig& LanguageModel::config() const { return impl_->config; }
at::Device LanguageModel::device() const { return impl_->embedding.device(); }
at::ScalarType LanguageModel::dtype() const { return impl_->embedding.scalar_type(); }
const std::vector<NamedParameter>& LanguageModel::parameters() const { return impl_->parameters; }

at::Tensor LanguageModel::hidden_states(const at::Tensor& ids, KvCache* cache, const at::Tensor& text_starts) const {
  const auto& config = impl_->config;
  const int64_t num_tokens = ids.size(1), length = cache != nullptr ? cache->length() : 0;
  if (length + num_tokens > config.max_seq_len) {
    throw Error("model: " + std::to_string(length + num_tokens) + " tokens, but the model's context ends at " +
                std::to_string(config.max_seq_len) + " (max_seq_len); shorten the text");
  }
  auto x = at::embedding(impl_->embedding, ids);  // (B, T, C)
  TokenPlace place{.rotary = impl_->rotary, .first_position = length, .cache = cache, .text_starts = text_starts};
  if (cache != nullptr) {
    place.mask = ops::attention_mask(num_tokens, length, cache->num_columns(num_tokens), cache->padding(), ids.device(),
                                     ops::product_dtype(x));
  }
  const bool recompute = impl_->gradient_checkpointing && cache == nullptr && at::GradMode::is_enabled();
  for (int64_t layer = 0; layer < config.n_layers; ++layer) {
    // By value: the backward pass may outlive this call, and the model.
    const auto block = [weights = impl_->blocks[static_cast<size_t>(layer)], config, layer,
                        place](const at::Tensor& in) { return transformer_block(in, weights, config, layer, place); };
    x = recompute ? ops::checkpoint(block, x, tensors_of(impl_->blocks[static_cast<size_t>(layer)])) : block(x);
  }
  if (cache != nullptr) cache->advance(num_tokens);
  return ops::rms_norm(x, impl_->final_norm, config.norm_eps);
}

at::Tensor LanguageModel::logits(const at::Tensor& hidden) const {
  // Contiguous: the last states of a batch are strided, and MPS has misread such operands (pytorch #162730, #162779).
  return at::linear(hidden.contiguous(), impl_->head).to(at::kFloat);
}

at::Tensor LanguageModel::loss(const at::Tensor& ids, const at::Tensor& targets, const at::Tensor& text_starts) const {
  const auto hidden = hidden_states(ids, nullptr, text_starts).flatten(0, 1);
  return ops::linear_cross_entropy(hidden, impl_->head, targets.flatten());
}

at::Tensor LanguageModel::token_losses(const at::Tensor& ids, const at::Tensor& targets, const at::Tensor& text_starts,
                                       KvCache* cache) const {
  const at::NoGradGuard no_grad;
  const auto hidden = hidden_states(ids, cache, text_starts).flatten(0, 1);
  return ops::linear_cross_entropy_per_row(hidden, impl_->head, targets.flatten()).view_as(targets);
}

void LanguageModel::set_gradient_checkpointing(bool on) { impl_->gradient_checkpointing = on; }

void LanguageModel::set_requires_grad(bool on) {
  for (const auto& parameter : impl_->parameters) at::Tensor(parameter.tensor).requires_grad_(on);
}

}  // namespace ktlm::model
