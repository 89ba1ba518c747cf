// Small models and token ids for tests.
#pragma once

#include <torch/types.h>

#include "ktlm/model/language_model.h"

namespace ktlm::test {

inline model::ModelConfig small_config() {
  model::ModelConfig config;
  config.vocab_size = 61;
  config.d_model = 24;
  config.n_layers = 2;
  config.n_heads = 6;
  config.n_kv_heads = 2;
  config.d_ff = 40;
  config.max_seq_len = 64;
  return config;
}

/// A model whose weights are large enough for attention to matter (initial ones are nearly an identity).
inline model::LanguageModel example_model(const model::ModelConfig& config = small_config()) {
  model::LanguageModel model(config, at::kCPU, at::kFloat, 1);
  const at::NoGradGuard no_grad;
  at::manual_seed(7);
  for (const auto& [name, tensor] : model.parameters()) {
    at::Tensor(tensor).add_(at::randn_like(tensor), tensor.dim() == 1 ? 0.3 : 0.2);
  }
  return model;
}

inline at::Tensor random_ids(const model::ModelConfig& config, int64_t batch, int64_t num_tokens, uint64_t seed = 3) {
  at::manual_seed(seed);
  return at::randint(0, config.vocab_size, {batch, num_tokens}, at::kLong);
}

inline at::Tensor all_logits(const model::LanguageModel& model, const at::Tensor& ids) {
  const at::NoGradGuard no_grad;
  return model.logits(model.hidden_states(ids));
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

/// The likeliest continuation of one row of ids, (1, P) -> (1, num_tokens), by cached decoding.
inline at::Tensor greedy(const model::LanguageModel& model, const at::Tensor& prompt, int64_t num_tokens) {
  const at::NoGradGuard no_grad;
  model::KvCache cache(model.config(), 1, prompt.size(1) + num_tokens, model.device(), model.dtype());
  std::vector<at::Tensor> tokens;
  auto next = prompt;
  for (int64_t i = 0; i < num_tokens; ++i) {
    const auto hidden = model.hidden_states(next, &cache);
    next = model.logits(hidden.select(1, hidden.size(1) - 1)).argmax(-1, /*keepdim=*/true);  // (1, 1)
    tokens.push_back(next);
  }
  return at::cat(tokens, 1);
}

}  // namespace ktlm::test
