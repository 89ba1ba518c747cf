// Which copy of a model does what. A prompt is one large matrix product, which a GPU wins; a token at a time is mostly
// the cost of starting small kernels, which at 50-150M parameters the CPU wins over MPS (M4: 130 against 23 tokens/s
// for a model of 270M). So a model may stand on two devices, and the keys and values of a prompt move once.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "ktlm/generate/token_model.h"
#include "ktlm/model/kv_cache.h"
#include "ktlm/model/language_model.h"

namespace ktlm::generate {

/// References: the models stay with the caller. Both hold the same weights.
struct InferenceModels : TokenModel {
  /// One model does all.
  InferenceModels(const model::LanguageModel& model) : prompt_model(model), token_model(model) {}  // NOLINT: on purpose
  InferenceModels(const model::LanguageModel& prompts, const model::LanguageModel& tokens, int64_t min_tokens)
      : prompt_model(prompts), token_model(tokens), min_prompt_tokens(min_tokens) {}

  const model::ModelConfig& config() const override { return token_model.config(); }
  std::unique_ptr<TokenContext> make_context(int64_t num_texts, int64_t max_len) const override;

  const model::LanguageModel& prompt_model;  // takes in prompts of min_prompt_tokens or more
  const model::LanguageModel& token_model;   // all else; the KV cache is on its device
  int64_t min_prompt_tokens = 1;
};

/// Takes ids, (B, T) int64 on the CPU, into the cache, which is on the model's device, and returns the logits behind
/// the last of each row, (B, V) fp32 on the CPU. Waits for the device once.
at::Tensor next_token_logits(const model::LanguageModel& model, const at::Tensor& ids, model::KvCache& cache);

/// The same for a prompt, by whichever model it is for; `cache` is on the token model's device.
at::Tensor prefill(const InferenceModels& models, const at::Tensor& ids, model::KvCache& cache);

}  // namespace ktlm::generate
