#include "ktlm/eval/cpu_scorer.h"

#include <algorithm>
#include <cmath>

namespace ktlm::eval {

namespace {

using tokenizer::TokenId;

double log_probability(std::span<const float> logits, TokenId id) {
  const double largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double total = 0;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit) - largest);
  return static_cast<double>(logits[static_cast<size_t>(id)]) - largest - std::log(total);
}

// Some prompts side by side, each a text of the cache. A context goes through once; behind it the continuations, one
// after the other.
class SideBySide {
 public:
  SideBySide(cpu_model::CpuModel& model, cpu_model::Cache& cache, std::vector<const Prompt*> prompts)
      : model_(model), cache_(cache), prompts_(std::move(prompts)) {}

  // The context's last token waits: behind it is what the first token's probability depends on.
  void take_contexts() {
    std::vector<cpu_model::TextTokens> texts;
    for (size_t text = 0; text < prompts_.size(); ++text) {
      cache_.truncate(static_cast<int64_t>(text), 0);
      const std::span context(prompts_[text]->context);
      if (context.size() > 1) texts.push_back({static_cast<int64_t>(text), context.first(context.size() - 1)});
    }
    if (!texts.empty()) model_.feed(texts, cache_);
  }

  void add_continuations(size_t number, std::vector<std::vector<double>*>& results, const StopFlag& stop) {
    for (size_t text = 0; text < prompts_.size(); ++text) {
      if (number >= prompts_[text]->continuations.size()) continue;
      cache_.truncate(static_cast<int64_t>(text), static_cast<int64_t>(prompts_[text]->context.size()) - 1);
      results[text]->push_back(0);
    }
    for (size_t position = 0; !stop.requested(); ++position) {
      std::vector<cpu_model::TextTokens> tokens;
      for (size_t text = 0; text < prompts_.size(); ++text)
        if (position < length(text, number))
          tokens.push_back({static_cast<int64_t>(text), {&token_before(text, number, position), 1}});
      if (tokens.empty()) return;
      const auto logits = model_.feed(tokens, cache_);
      for (size_t i = 0; i < tokens.size(); ++i) {
        const auto text = static_cast<size_t>(tokens[i].text);
        results[text]->back() += log_probability(logits[i], prompts_[text]->continuations[number][position]);
      }
    }
  }

 private:
  size_t length(size_t text, size_t number) const {
    const auto& continuations = prompts_[text]->continuations;
    return number < continuations.size() ? continuations[number].size() : 0;
  }
  const TokenId& token_before(size_t text, size_t number, size_t position) const {
    const Prompt& prompt = *prompts_[text];
    return position == 0 ? prompt.context.back() : prompt.continuations[number][position - 1];
  }

  cpu_model::CpuModel& model_;
  cpu_model::Cache& cache_;
  std::vector<const Prompt*> prompts_;
};

}  // namespace

LogLikelihoods CpuScorer::compute(std::span<const Prompt> prompts, const ProgressCallback& progress,
                                  const StopFlag& stop) {
  LogLikelihoods all(prompts.size());
  if (prompts.empty()) return all;
  const auto order = longest_first(prompts);
  const size_t batch_size = std::min(static_cast<size_t>(batch_size_), prompts.size());
  cpu_model::Cache cache(model_, static_cast<int64_t>(batch_size), config().max_seq_len);
  for (size_t begin = 0; begin < order.size(); begin += batch_size) {
    if (progress)
      progress({"evaluating", static_cast<int64_t>(begin), static_cast<int64_t>(order.size()), "prompts", ""});
    std::vector<const Prompt*> batch;
    std::vector<std::vector<double>*> results;
    size_t most = 0;
    for (size_t i = begin; i < std::min(begin + batch_size, order.size()); ++i) {
      batch.push_back(&prompts[order[i]]);
      results.push_back(&all[order[i]]);
      most = std::max(most, batch.back()->continuations.size());
    }
    SideBySide side_by_side(model_, cache, std::move(batch));
    side_by_side.take_contexts();
    for (size_t number = 0; number < most; ++number) side_by_side.add_continuations(number, results, stop);
    if (stop.requested()) return {};
  }
  return all;
}

}  // namespace ktlm::eval
