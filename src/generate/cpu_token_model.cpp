#include "ktlm/generate/cpu_token_model.h"

#include <algorithm>

namespace ktlm::generate {

namespace {

using tokenizer::TokenId;

class CpuContext : public TokenContext {
 public:
  CpuContext(cpu_model::CpuModel& model, int64_t num_texts, int64_t max_len)
      : model_(model), cache_(model, num_texts, max_len) {}

  int64_t length() const override {
    int64_t longest = 0;
    for (int64_t text = 0; text < cache_.num_texts(); ++text) longest = std::max(longest, cache_.length(text));
    return longest;
  }
  int64_t max_len() const override { return cache_.max_len(); }
  void truncate(int64_t length) override { cache_.truncate(0, length); }

  NextLogits prefill(std::span<const std::vector<TokenId>> prompts) override {
    std::vector<cpu_model::TextTokens> texts;
    for (const auto& prompt : prompts) texts.push_back({static_cast<int64_t>(texts.size()), prompt});
    return feed(texts);
  }

  NextLogits step(std::span<const TokenId> ids) override {
    std::vector<cpu_model::TextTokens> texts;
    for (size_t i = 0; i < ids.size(); ++i)
      if (ids[i] != kNoToken) texts.push_back({static_cast<int64_t>(i), ids.subspan(i, 1)});
    return feed(texts);
  }

 private:
  NextLogits feed(std::span<const cpu_model::TextTokens> texts) {
    const cpu_model::Logits logits = model_.feed(texts, cache_);
    NextLogits next(static_cast<size_t>(cache_.num_texts()));
    for (size_t i = 0; i < texts.size(); ++i) next[static_cast<size_t>(texts[i].text)] = logits[i];
    return next;
  }

  cpu_model::CpuModel& model_;
  cpu_model::Cache cache_;
};

}  // namespace

std::unique_ptr<TokenContext> CpuTokenModel::make_context(int64_t num_texts, int64_t max_len) const {
  return std::make_unique<CpuContext>(model_, num_texts, max_len);
}

}  // namespace ktlm::generate
