#include "ktlm/eval/bits_per_byte.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/random.h"
#include "ktlm/model/device.h"

namespace ktlm::eval {

namespace {

using tokenizer::TokenId;

// A batch of windows on the CPU; padding is id 0 with target -1, which no earlier position sees and no sum counts.
struct WindowBatch {
  WindowBatch(int64_t batch_size, int64_t length)
      : ids(at::zeros({batch_size, length}, at::kLong)), targets(at::full({batch_size, length}, -1, at::kLong)) {}

  int64_t* ids_row(int64_t row) { return ids.mutable_data_ptr<int64_t>() + row * ids.size(1); }
  int64_t* targets_row(int64_t row) { return targets.mutable_data_ptr<int64_t>() + row * targets.size(1); }

  at::Tensor ids, targets;  // (B, T) int64
  at::Tensor text_starts;   // the same where a row holds several texts, else undefined
};

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
    const at::Tensor losses = token_losses(batch).to(at::kCPU).contiguous();
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
  at::Tensor token_losses(const WindowBatch& batch) const {
    const model::AutocastGuard autocast(model_.device(), autocast_dtype_);
    const auto on_device = [this](const at::Tensor& x) { return x.defined() ? x.to(model_.device()) : x; };
    return model_.token_losses(on_device(batch.ids), on_device(batch.targets), on_device(batch.text_starts));
  }

  const model::LanguageModel& model_;
  at::ScalarType autocast_dtype_;
  Counted counted_;
  std::vector<int64_t> token_bytes_;  // of each piece; 0: a control token
  double nats_ = 0;
  int64_t num_tokens_ = 0, num_bytes_ = 0;
};

// Consecutive ids of a document: the first is input only, the last target only.
using DocumentWindow = std::span<const TokenId>;

std::vector<DocumentWindow> cut_windows(const std::vector<std::vector<TokenId>>& documents, size_t max_targets) {
  std::vector<DocumentWindow> windows;
  for (const std::span<const TokenId> ids : documents)
    for (size_t begin = 0; begin + 1 < ids.size(); begin += max_targets)
      windows.push_back(ids.subspan(begin, std::min(max_targets + 1, ids.size() - begin)));
  // Windows of like length share a batch, so that little is padded.
  std::stable_sort(windows.begin(), windows.end(), [](auto a, auto b) { return a.size() > b.size(); });
  return windows;
}

WindowBatch make_batch(std::span<const DocumentWindow> windows, int64_t max_seq_len, at::Device device) {
  const int64_t length = model::padded_length(static_cast<int64_t>(windows.front().size()) - 1, device);
  WindowBatch batch(static_cast<int64_t>(windows.size()), std::min(length, max_seq_len));
  for (size_t row = 0; row < windows.size(); ++row) {
    const DocumentWindow ids = windows[row];
    std::copy(ids.begin(), ids.end() - 1, batch.ids_row(static_cast<int64_t>(row)));
    std::copy(ids.begin() + 1, ids.end(), batch.targets_row(static_cast<int64_t>(row)));
  }
  return batch;
}

}  // namespace

Evaluation make_evaluation(double nats, int64_t num_tokens, int64_t num_bytes) {
  if (num_tokens == 0) return {};
  const double loss = nats / static_cast<double>(num_tokens);
  const double bits_per_byte = num_bytes == 0 ? 0 : nats / std::numbers::ln2 / static_cast<double>(num_bytes);
  return {loss, std::exp(loss), bits_per_byte, num_tokens, num_bytes};
}

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

Evaluation evaluate_documents(const model::LanguageModel& model, const tokenizer::Tokenizer& tokenizer,
                              std::span<const std::string> texts, int64_t batch_size, at::ScalarType autocast_dtype,
                              const ProgressCallback& progress, const StopFlag& stop) {
  LossSum sum(model, tokenizer, autocast_dtype);
  std::vector<std::vector<TokenId>> documents;
  int64_t num_bytes = 0;
  for (const auto& text : texts) {
    documents.push_back(tokenizer.encode(text));
    // Without a token that begins texts, the one that ended the text before.
    const TokenId begin = tokenizer.begin_id() >= 0 ? tokenizer.begin_id() : tokenizer.eos_id();
    if (begin >= 0) documents.back().insert(documents.back().begin(), begin);
    num_bytes += static_cast<int64_t>(text.size());
  }
  const int64_t seq_len = model.config().max_seq_len;
  const auto windows = cut_windows(documents, static_cast<size_t>(seq_len));
  const size_t step = static_cast<size_t>(batch_size);
  for (std::span<const DocumentWindow> left(windows); !left.empty(); left = left.subspan(std::min(step, left.size()))) {
    if (stop.requested()) return {};
    if (progress) {
      const size_t done = windows.size() - left.size();
      progress({"evaluating", static_cast<int64_t>(done), static_cast<int64_t>(windows.size()), "windows", ""});
    }
    sum.add(make_batch(left.first(std::min(step, left.size())), seq_len, model.device()));
  }
  return make_evaluation(sum.nats(), sum.num_tokens(), num_bytes);
}

}  // namespace ktlm::eval
