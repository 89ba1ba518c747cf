#include "ktlm/generate/cpu_token_model.h"

#include <algorithm>
#include <new>

#include "ktlm/core/error.h"

namespace ktlm::generate {

namespace {

using tokenizer::TokenId;

// Where memory runs out an Error, as TokenContext promises.
template <class F>
auto or_error(F&& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    throw Error("out of memory; choose a smaller model, context or batch");
  }
}

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
  void truncate(int64_t length) override {
    for (int64_t text = 0; text < cache_.num_texts(); ++text) cache_.truncate(text, length);
  }
  void copy_text(int64_t from, int64_t to) override { cache_.copy(from, to); }

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
    return or_error([&] {
      const cpu_model::Logits logits = model_.feed(texts, cache_);
      NextLogits next(static_cast<size_t>(cache_.num_texts()));
      logits_.resize(texts.size());  // the model's own serve all contexts
      for (size_t i = 0; i < texts.size(); ++i) {
        logits_[i].assign(logits[i].begin(), logits[i].end());
        next[static_cast<size_t>(texts[i].text)] = logits_[i];
      }
      return next;
    });
  }

  cpu_model::CpuModel& model_;
  cpu_model::Cache cache_;
  std::vector<std::vector<float>> logits_;  // of the last call
};

}  // namespace

std::unique_ptr<TokenContext> CpuTokenModel::make_context(int64_t num_texts, int64_t max_len) const {
  return or_error(
      [&]() -> std::unique_ptr<TokenContext> { return std::make_unique<CpuContext>(model_, num_texts, max_len); });
}

}  // namespace ktlm::generate
