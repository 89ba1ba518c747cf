#include "ktlm/eval/bits_per_byte.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/random.h"
#include "window_batch.h"

namespace ktlm::eval {

namespace {

using tokenizer::TokenId;

enum class Counted { kText, kAllTargets };

// Sums the loss of batch after batch over the targets, or those that stand for text.
class LossSum {
 public:
  LossSum(const model::LanguageModel& model, const tokenizer::Tokenizer& tokenizer, at::ScalarType autocast_dtype,
          Counted counted = Counted::kText)
      : model_(model), autocast_dtype_(autocast_dtype), counted_(counted) {
    if (tokenizer.vocab_size() > model.config().vocab_size)
      throw Error("tokenizer has " + std::to_string(tokenizer.vocab_size()) + " pieces, the model only " +
                  std::to_string(model.config().vocab_size) + "; use the tokenizer that the model was trained with");
    for (TokenId id = 0; id < tokenizer.vocab_size(); ++id)
      token_bytes_.push_back(static_cast<int64_t>(tokenizer.token_bytes(id).size()));
  }

  void add(const WindowBatch& batch) {
    const at::Tensor losses = batch.token_losses(model_, autocast_dtype_);
    const float* loss = losses.const_data_ptr<float>();
    const int64_t* target = batch.targets.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < losses.numel(); ++i) {
      if (target[i] < 0) continue;
      const int64_t bytes = token_bytes_.at(static_cast<size_t>(target[i]));
      if (bytes == 0 && counted_ == Counted::kText) continue;
      nats_ += loss[i];
      num_tokens_ += 1;
      num_bytes_ += bytes;
    }
  }

  double nats() const { return nats_; }
  int64_t num_tokens() const { return num_tokens_; }
  int64_t num_bytes() const { return num_bytes_; }

 private:
  const model::LanguageModel& model_;
  at::ScalarType autocast_dtype_;
  Counted counted_;
  std::vector<int64_t> token_bytes_;  // of each piece; 0: a control token
  double nats_ = 0;
  int64_t num_tokens_ = 0, num_bytes_ = 0;
};

}  // namespace

Evaluation evaluate(const model::LanguageModel& model, const data::TokenDataset& dataset,
                    const tokenizer::Tokenizer& tokenizer, int64_t batch_size, int64_t max_tokens,
                    at::ScalarType autocast_dtype, const StopFlag& stop) {
  LossSum sum(model, tokenizer, autocast_dtype);
  int64_t num_targets = std::max<int64_t>(dataset.num_tokens() - 1, 0);
  if (max_tokens > 0) num_targets = std::min(num_targets, max_tokens);
  const int64_t seq_len = model.config().max_seq_len;
  const int64_t num_windows = (num_targets + seq_len - 1) / seq_len;
  const int64_t rows = std::min(batch_size, num_windows);
  for (int64_t window = 0; window < num_windows && !stop.requested(); window += rows) {
    WindowBatch batch(rows, seq_len);
    for (int64_t row = 0; row < std::min(rows, num_windows - window); ++row) {
      const int64_t begin = (window + row) * seq_len;
      const auto length = static_cast<size_t>(std::min(seq_len, num_targets - begin));
      dataset.copy(begin, {batch.ids_row(row), length});
      dataset.copy(begin + 1, {batch.targets_row(row), length});
    }
    sum.add(batch);
  }
  return make_evaluation(sum.nats(), sum.num_tokens(), sum.num_bytes());
}

Evaluation evaluate_answers(const model::LanguageModel& model, const data::DialogueWindows& dialogues,
                            const tokenizer::Tokenizer& tokenizer, int64_t batch_size, int64_t max_tokens,
                            at::ScalarType autocast_dtype, const StopFlag& stop) {
  LossSum sum(model, tokenizer, autocast_dtype, Counted::kAllTargets);
  const int64_t seq_len = dialogues.seq_len(), num_windows = dialogues.num_windows();
  const auto length = static_cast<size_t>(seq_len);
  const auto order = random_permutation(num_windows, 0);  // packing puts long dialogues first
  const int64_t rows = std::min(batch_size, num_windows);
  int64_t num_targets = 0;  // so far; counted by the window, so that the batch's size decides nothing
  const auto wants_more = [&] { return max_tokens == 0 || num_targets < max_tokens; };
  for (int64_t window = 0; window < num_windows && wants_more() && !stop.requested(); window += rows) {
    WindowBatch batch(rows, seq_len);
    batch.text_starts = at::zeros_like(batch.ids);
    for (int64_t row = 0; row < std::min(rows, num_windows - window) && wants_more(); ++row) {
      const std::span targets(batch.targets_row(row), length);
      dialogues.fill_row(order[static_cast<size_t>(window + row)], {batch.ids_row(row), length}, targets,
                         {batch.text_starts.mutable_data_ptr<int64_t>() + row * seq_len, length});
      num_targets += std::ranges::count_if(targets, [](int64_t target) { return target >= 0; });
    }
    sum.add(batch);
  }
  return make_evaluation(sum.nats(), sum.num_tokens(), sum.num_bytes());
}

}  // namespace ktlm::eval
