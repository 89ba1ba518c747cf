// The shape of a model: section `model` of a configuration, config.json of a model directory.
#pragma once

#include <cstdint>
#include <string>

#include "ktlm/core/config.h"

namespace ktlm::model {

/// Of the weights' first values (Radford et al. 2019, GPT-2), where nothing else is said.
inline constexpr double kInitialStandardDeviation = 0.02;

struct ModelConfig {
  int64_t vocab_size = 0;  // 0: the tokenizer's
  int64_t d_model = 512;
  int64_t n_layers = 12;
  int64_t n_heads = 8;
  int64_t n_kv_heads = 2;
  int64_t head_dim = 0;  // 0: d_model / n_heads
  int64_t d_ff = 1408;
  int64_t max_seq_len = 512;
  double rope_theta = 10000.0;
  std::string rope_scaling = "none";
  double rope_factor = 1.0;  // this and what follows say nothing without rope_scaling
  double rope_low_freq_factor = 1.0;
  double rope_high_freq_factor = 4.0;
  int64_t rope_original_seq_len = 8192;
  double norm_eps = 1e-5;
  bool tie_embeddings = true;
  bool qk_norm = false;

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("vocab_size", &ModelConfig::vocab_size, at_least(0), "pieces in the vocabulary; 0 takes the tokenizer's");
    v("d_model", &ModelConfig::d_model, at_least(1), "width of the residual stream");
    v("n_layers", &ModelConfig::n_layers, at_least(1), "transformer blocks");
    v("n_heads", &ModelConfig::n_heads, at_least(1), "query heads");
    v("n_kv_heads", &ModelConfig::n_kv_heads, at_least(1),
      "key and value heads; divides n_heads (grouped-query attention)");
    v("head_dim", &ModelConfig::head_dim, at_least(0), "channels per head, even; 0 is d_model / n_heads");
    v("d_ff", &ModelConfig::d_ff, at_least(1), "width of the SwiGLU feed-forward layer");
    v("max_seq_len", &ModelConfig::max_seq_len, at_least(2), "longest context, in tokens; also the training window");
    v("rope_theta", &ModelConfig::rope_theta, greater_than(0), "base of the rotary embedding's wavelengths");
    v("rope_scaling", &ModelConfig::rope_scaling, one_of({"none", "linear", "llama3"}),
      "how positions are squeezed where the context was stretched after training: not at all, all by rope_factor, or "
      "as "
      "Llama 3.1 does it");
    v("rope_factor", &ModelConfig::rope_factor, greater_than(0), "rope_scaling: positions are divided by it");
    v("rope_low_freq_factor", &ModelConfig::rope_low_freq_factor, greater_than(0),
      "llama3: channels that turn less often in rope_original_seq_len are squeezed");
    v("rope_high_freq_factor", &ModelConfig::rope_high_freq_factor, greater_than(0),
      "llama3: channels that turn more often are left as they are");
    v("rope_original_seq_len", &ModelConfig::rope_original_seq_len, at_least(1),
      "llama3: the context before it was stretched, in tokens");
    v("norm_eps", &ModelConfig::norm_eps, greater_than(0), "RMSNorm's epsilon");
    v("tie_embeddings", &ModelConfig::tie_embeddings, any_value(), "the output layer shares the embedding's weights");
    v("qk_norm", &ModelConfig::qk_norm, any_value(), "RMSNorm on queries and keys of each head (written as Qwen3)");
  }

  int64_t resolved_head_dim() const { return head_dim > 0 ? head_dim : d_model / n_heads; }
  /// Number of trained values; vocab_size must be set.
  int64_t num_parameters() const;
  /// Throws ConfigError where the numbers do not fit together (n_heads % n_kv_heads, d_model % n_heads, odd head_dim,
  /// Llama 3's factors).
  void validate() const;

  /// The same model: a head_dim of 0 equals the number that it stands for.
  friend bool operator==(const ModelConfig& a, const ModelConfig& b);
};

}  // namespace ktlm::model
