#include "ktlm/eval/torch_scorer.h"

#include <algorithm>

#include "ktlm/model/device.h"
#include "ktlm/model/kv_cache.h"
#include "window_batch.h"

namespace ktlm::eval {

namespace {

void add_losses(const at::Tensor& losses, int64_t row, double& log_likelihood) {
  const float* loss = losses.const_data_ptr<float>() + row * losses.size(1);
  for (int64_t i = 0; i < losses.size(1); ++i) log_likelihood -= static_cast<double>(loss[i]);
}

int64_t longest_context(std::span<const Prompt* const> prompts) {
  size_t longest = 0;
  for (const Prompt* prompt : prompts) longest = std::max(longest, prompt->context.size());
  return static_cast<int64_t>(longest);
}

// Of the continuations with this number; 0: no prompt has one.
int64_t longest_continuation(std::span<const Prompt* const> prompts, size_t number) {
  size_t longest = 0;
  for (const Prompt* prompt : prompts)
    if (number < prompt->continuations.size()) longest = std::max(longest, prompt->continuations[number].size());
  return static_cast<int64_t>(longest);
}

// Columns of a cache in which the contexts, but for their last tokens, stand once for all continuations; 0 where that
// is not worth it or, padded to one length, they would not fit.
int64_t shared_context_columns(std::span<const Prompt* const> prompts, int64_t max_seq_len, at::Device device) {
  const auto asks_once = [](const Prompt* prompt) { return prompt->continuations.size() == 1; };
  const auto is_short = [](const Prompt* prompt) { return prompt->context.size() < 2; };
  if (std::all_of(prompts.begin(), prompts.end(), asks_once) || std::any_of(prompts.begin(), prompts.end(), is_short))
    return 0;
  const int64_t columns = model::padded_length(longest_context(prompts) - 1, device);
  int64_t continuation = 0;
  for (size_t number = 0; const int64_t length = longest_continuation(prompts, number); ++number)
    continuation = std::max(continuation, model::padded_length(length, device));
  return columns + continuation <= max_seq_len ? columns : 0;
}

}  // namespace

struct TorchScorer::Row {
  const Prompt* prompt;
  const Ids* continuation;
  double* log_likelihood;

  int64_t num_tokens() const { return static_cast<int64_t>(prompt->context.size() + continuation->size()) - 1; }
};

// Contexts and continuations as one text each.
void TorchScorer::score_rows(std::span<const Row> rows) const {
  int64_t longest = 0;
  for (const Row& row : rows) longest = std::max(longest, row.num_tokens());
  WindowBatch batch(static_cast<int64_t>(rows.size()),
                    std::min(model::padded_length(longest, model_.device()), config().max_seq_len));
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const Ids &context = rows[i].prompt->context, &continuation = *rows[i].continuation;
    const auto rest = std::copy(context.begin(), context.end(), batch.ids_row(row));
    std::copy(continuation.begin(), continuation.end() - 1, rest);
    std::copy(continuation.begin(), continuation.end(), batch.targets_row(row) + context.size() - 1);
  }
  const at::Tensor losses = batch.token_losses(model_, autocast_dtype_);
  for (size_t i = 0; i < rows.size(); ++i) add_losses(losses, static_cast<int64_t>(i), *rows[i].log_likelihood);
}

// Contexts once, padded on their left, then their first continuations, their second and so on.
void TorchScorer::score_behind_contexts(std::span<const Prompt* const> prompts,
                                        std::span<std::vector<double>* const> results, int64_t context_columns) const {
  const auto num_rows = static_cast<int64_t>(prompts.size());
  model::KvCache cache(config(), num_rows, config().max_seq_len, model_.device(), autocast_dtype_);
  WindowBatch contexts(num_rows, context_columns);
  std::vector<int64_t> padding;
  for (int64_t row = 0; row < num_rows; ++row) {
    const Ids& context = prompts[static_cast<size_t>(row)]->context;
    padding.push_back(context_columns - static_cast<int64_t>(context.size()) + 1);
    std::copy(context.begin(), context.end() - 1, contexts.ids_row(row) + padding.back());
  }
  cache.set_padding(padding);
  {
    const model::AutocastGuard autocast(model_.device(), autocast_dtype_);
    model_.hidden_states(contexts.ids.to(model_.device()), &cache);
  }
  for (size_t number = 0; const int64_t longest = longest_continuation(prompts, number); ++number) {
    cache.truncate(context_columns);
    WindowBatch batch(num_rows, model::padded_length(longest, model_.device()));
    for (int64_t row = 0; row < num_rows; ++row) {
      const Prompt& prompt = *prompts[static_cast<size_t>(row)];
      if (number >= prompt.continuations.size()) continue;
      const Ids& continuation = prompt.continuations[number];
      batch.ids_row(row)[0] = prompt.context.back();
      std::copy(continuation.begin(), continuation.end() - 1, batch.ids_row(row) + 1);
      std::copy(continuation.begin(), continuation.end(), batch.targets_row(row));
    }
    const at::Tensor losses = batch.token_losses(model_, autocast_dtype_, &cache);
    for (int64_t row = 0; row < num_rows; ++row) {
      if (number >= prompts[static_cast<size_t>(row)]->continuations.size()) continue;
      results[static_cast<size_t>(row)]->push_back(0);
      add_losses(losses, row, results[static_cast<size_t>(row)]->back());
    }
  }
}

LogLikelihoods TorchScorer::compute(std::span<const Prompt> prompts, const ProgressCallback& progress,
                                    const StopFlag& stop) {
  const at::NoGradGuard no_grad;
  LogLikelihoods all(prompts.size());
  const auto order = longest_first(prompts);
  const auto step = static_cast<size_t>(batch_size_);
  for (size_t begin = 0; begin < order.size(); begin += step) {
    if (stop.requested()) return {};
    if (progress)
      progress({"evaluating", static_cast<int64_t>(begin), static_cast<int64_t>(order.size()), "prompts", ""});
    std::vector<const Prompt*> batch;
    std::vector<std::vector<double>*> results;
    for (size_t i = begin; i < std::min(begin + step, order.size()); ++i) {
      batch.push_back(&prompts[order[i]]);
      results.push_back(&all[order[i]]);
    }
    if (const int64_t columns = shared_context_columns(batch, config().max_seq_len, model_.device()); columns > 0) {
      score_behind_contexts(batch, results, columns);
      continue;
    }
    std::vector<Row> rows;
    for (size_t i = 0; i < batch.size(); ++i) {
      results[i]->resize(batch[i]->continuations.size());
      for (size_t number = 0; number < results[i]->size(); ++number)
        rows.push_back({batch[i], &batch[i]->continuations[number], &(*results[i])[number]});
    }
    for (std::span<const Row> left(rows); !left.empty(); left = left.subspan(std::min(step, left.size())))
      score_rows(left.first(std::min(step, left.size())));
  }
  return all;
}

std::string TorchScorer::reason_of_no_number() const {
  if (autocast_dtype_ != at::kHalf) return Scorer::reason_of_no_number();
  return " in fp16, which holds no number beyond 65504, too few for many models: take --dtype bf16 or fp32";
}

}  // namespace ktlm::eval
