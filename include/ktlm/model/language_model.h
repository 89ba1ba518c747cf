// The decoder-only transformer: embedding, blocks of grouped-query attention with rotary positions and SwiGLU behind
// RMSNorm (Llama; Touvron et al. 2023), optional QK-norm (Qwen3), tied or untied output layer. Parameters carry
// transformers' names and layouts, so that a model directory needs no conversion.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ktlm/model/kv_cache.h"
#include "ktlm/model/model_config.h"

namespace ktlm::model {

struct NamedParameter {
  std::string name;   // "model.layers.0.self_attn.q_proj.weight"
  at::Tensor tensor;  // a contiguous leaf with requires_grad while training
};

class LanguageModel {
 public:
  /// Parameters on `device` in `dtype`, all initialised from `seed` (the same on every device: drawn on the CPU in
  /// fp32), the embedding with standard deviation `embedding_std`; where it is the output layer too, the last norm
  /// makes up for it, so that logits start alike. Throws ConfigError from config.validate().
  LanguageModel(const ModelConfig& config, at::Device device, at::ScalarType dtype, uint64_t seed,
                double embedding_std = kInitialStandardDeviation);
  /// Takes these parameters, of one device and dtype, in any order. Throws Error, beginning with `where`, for one that
  /// is missing, unexpected or of another shape than the configuration asks for.
  LanguageModel(const ModelConfig& config, std::map<std::string, at::Tensor> parameters, const std::string& where);
  LanguageModel(LanguageModel&&) noexcept;
  LanguageModel& operator=(LanguageModel&&) noexcept;
  ~LanguageModel();

  const ModelConfig& config() const;
  at::Device device() const;
  at::ScalarType dtype() const;
  /// In a fixed order; a tied output layer is not listed twice.
  const std::vector<NamedParameter>& parameters() const;

  /// ids (B, T) int64 -> hidden states behind the last norm, (B, T, C). With a cache the tokens stand behind those it
  /// holds, and it takes them in. Without one, `text_starts` says where in its row the text of each token begins, (B,
  /// T) int64 (ops::attention_within_texts): a token sees its own text alone. Undefined: a row is one text. Throws
  /// Error where the positions go beyond max_seq_len.
  at::Tensor hidden_states(const at::Tensor& ids, KvCache* cache = nullptr, const at::Tensor& text_starts = {}) const;
  /// hidden (..., C) -> logits (..., V), fp32.
  at::Tensor logits(const at::Tensor& hidden) const;

  /// Mean cross-entropy over the targets, (B, T) int64, that are not negative: a scalar in nats, fp32, differentiable.
  /// Never forms the logits of a whole batch (ops::linear_cross_entropy). `text_starts` as above.
  at::Tensor loss(const at::Tensor& ids, const at::Tensor& targets, const at::Tensor& text_starts = {}) const;
  /// The loss of each token, (B, T) fp32, without gradient; 0 where its target is negative. With a cache as
  /// hidden_states has it.
  at::Tensor token_losses(const at::Tensor& ids, const at::Tensor& targets, const at::Tensor& text_starts = {},
                          KvCache* cache = nullptr) const;

  /// Recomputes each block's activations in the backward pass: less memory, about a third more time.
  void set_gradient_checkpointing(bool on);
  /// Turns gradients of all parameters on (training) or off.
  void set_requires_grad(bool on);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktlm::model
