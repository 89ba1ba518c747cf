#include "ktlm/generate/inference_models.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/model/device.h"
#include "ktlm/model/torch_error.h"

namespace ktlm::generate {

namespace {

using tokenizer::TokenId;

// Texts of unequal length are padded on the left, so that their last tokens share a column.
class TorchContext : public TokenContext {
 public:
  TorchContext(const InferenceModels& models, int64_t num_texts, int64_t max_len)
      : models_(models),
        cache_(models.config(), num_texts, max_len, models.token_model.device(), models.token_model.dtype()) {}

  int64_t length() const override { return cache_.length(); }
  int64_t max_len() const override { return cache_.max_len(); }
  void truncate(int64_t length) override { cache_.truncate(length); }
  void copy_text(int64_t from, int64_t to) override {
    const at::NoGradGuard no_grad;
    model::translate_torch_errors([&] { cache_.copy_row(from, to); });
  }

  NextLogits prefill(std::span<const std::vector<TokenId>> prompts) override {
    size_t longest = 0;
    for (const auto& prompt : prompts) longest = std::max(longest, prompt.size());
    const auto num_columns = static_cast<int64_t>(longest);
    const at::Tensor ids = at::zeros({cache_.batch_size(), num_columns}, at::kLong);  // (B, T)
    std::vector<int64_t> padding;
    while (static_cast<int64_t>(padding.size()) < cache_.batch_size()) {
      // Texts without a prompt of their own take some prompt in: all rows of a batch go through the model together.
      const auto& prompt = prompts[std::min(padding.size(), prompts.size() - 1)];
      int64_t* const row = ids.data_ptr<int64_t>() + static_cast<int64_t>(padding.size()) * num_columns;
      padding.push_back(static_cast<int64_t>(longest - prompt.size()));
      std::copy(prompt.begin(), prompt.end(), row + padding.back());
    }
    return model::translate_torch_errors([&] {
      if (std::any_of(padding.begin(), padding.end(), [](int64_t columns) { return columns > 0; }))
        cache_.set_padding(padding);
      NextLogits rows = rows_of(generate::prefill(models_, ids, cache_));
      for (size_t row = 0; row < prompts.size(); ++row) require_range_of_fp16(rows[row]);
      return rows;
    });
  }

  NextLogits step(std::span<const TokenId> ids) override {
    const at::Tensor column = at::zeros({cache_.batch_size(), 1}, at::kLong);  // (B, 1)
    // A text that has ended takes in some token that nobody looks at.
    std::transform(ids.begin(), ids.end(), column.data_ptr<int64_t>(), [](TokenId id) { return std::max(id, 0); });
    return model::translate_torch_errors([&] {
      NextLogits rows = rows_of(next_token_logits(models_.token_model, column, cache_));
      for (size_t row = 0; row < ids.size(); ++row)
        if (ids[row] != kNoToken) require_range_of_fp16(rows[row]);
      return rows;
    });
  }

 private:
  // In the other dtypes a model that is whole gives numbers; who draws notices where it is not.
  void require_range_of_fp16(std::span<const float> logits) const {
    const bool is_half = models_.prompt_model.dtype() == at::kHalf;
    if (is_half && !std::ranges::all_of(logits, [](float logit) { return std::isfinite(logit); }))
      throw Error(
          "the model's logits are no finite numbers in fp16, which holds none beyond 65504, too few for many models: "
          "take --dtype bf16 or fp32");
  }

  NextLogits rows_of(at::Tensor logits) {
    logits_ = std::move(logits);
    const auto vocab_size = static_cast<size_t>(logits_.size(1));
    NextLogits rows;
    for (size_t row = 0; row < static_cast<size_t>(logits_.size(0)); ++row)
      rows.emplace_back(logits_.data_ptr<float>() + row * vocab_size, vocab_size);
    return rows;
  }

  InferenceModels models_;
  model::KvCache cache_;
  at::Tensor logits_;  // (B, V)
};

}  // namespace

std::unique_ptr<TokenContext> InferenceModels::make_context(int64_t num_texts, int64_t max_len) const {
  return std::make_unique<TorchContext>(*this, num_texts, max_len);
}

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
