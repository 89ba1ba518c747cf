#include "ktlm/generate/inference_models.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "ktlm/model/device.h"

namespace ktlm::generate {

at::Tensor next_token_logits(const model::LanguageModel& model, const at::Tensor& ids, model::KvCache& cache) {
  // Not InferenceMode: a table that the model makes on first use must serve a later training step too.
  const at::NoGradGuard no_grad;
  const int64_t num_tokens = ids.size(1), length = cache.length();
  // A prompt is padded behind its end where lengths are padded at all; no token before sees that, and it leaves the
  // cache at once.
  const int64_t room = std::min(cache.num_free_columns(), model.config().max_seq_len - length);
  const int64_t padded = std::min(model::padded_length(num_tokens, model.device()), room);
  const bool pad = num_tokens > 1 && padded > num_tokens;
  const at::Tensor input = pad ? at::constant_pad_nd(ids, {0, padded - num_tokens}, 0) : ids;
  const at::Tensor hidden = model.hidden_states(input.to(model.device()), &cache);  // (B, T, C)
  cache.truncate(length + num_tokens);
  return model.logits(hidden.select(1, num_tokens - 1)).to(at::kCPU, at::kFloat).contiguous();  // (B, V)
}

at::Tensor prefill(const InferenceModels& models, const at::Tensor& ids, model::KvCache& cache) {
  const auto &prompt_model = models.prompt_model, &token_model = models.token_model;
  if (&prompt_model == &token_model || ids.size(1) < models.min_prompt_tokens)
    return next_token_logits(token_model, ids, cache);
  const int64_t length = cache.length();
  model::KvCache prompt_cache(prompt_model.config(), cache.batch_size(), cache.max_len(), prompt_model.device(),
                              prompt_model.dtype());
  prompt_cache.take_from(cache, 0);
  at::Tensor logits = next_token_logits(prompt_model, ids, prompt_cache);
  cache.take_from(prompt_cache, length);
  return logits;
}

}  // namespace ktlm::generate
