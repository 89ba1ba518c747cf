#include "run_data.h"

#include <cstdio>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/data/batch_loader.h"

namespace ktlm::train {

RunData::RunData(const Ranks& ranks, const TrainConfig& config, int64_t micro_batch_size, int64_t seq_len,
                 const data::TokenDatasets& datasets, const tokenizer::Tokenizer& tokenizer)
    : ranks_(ranks), config_(config), datasets_(datasets), tokenizer_(tokenizer), seq_len_(seq_len) {
  if (config.task == "chat") {
    if (tokenizer.control_id(tokenizer::kImEnd) < 0)
      throw Error(tokenizer.directory().string() + ": the tokenizer has no chat markers <|im_start|> and <|im_end|>; " +
                  "train.task chat needs a tokenizer that ktlm train-tokenizer made");
    train_dialogues_.emplace(datasets.train, tokenizer, seq_len);
    val_dialogues_.emplace(datasets.val, tokenizer, seq_len);
  }
  use_micro_batches(micro_batch_size);
}

void RunData::use_micro_batches(int64_t micro_batch_size) {
  const auto seed = static_cast<uint64_t>(config_.seed);
  if (train_dialogues_)
    batches_ =
        std::make_unique<data::DialogueLoader>(*train_dialogues_, micro_batch_size, seed, ranks_.rank(), ranks_.size());
  else
    batches_ = std::make_unique<data::BatchLoader>(datasets_.train, micro_batch_size, seq_len_, seed, ranks_.rank(),
                                                   ranks_.size());
}

bool RunData::can_validate() const {
  return val_dialogues_ ? val_dialogues_->num_windows() > 0 : datasets_.val.num_tokens() >= 2;
}

eval::Evaluation RunData::validate(const model::LanguageModel& model, int64_t batch_size, at::ScalarType autocast_dtype,
                                   const StopFlag& stop) const {
  if (val_dialogues_)
    return eval::evaluate_answers(model, *val_dialogues_, tokenizer_, batch_size, config_.eval_max_tokens,
                                  autocast_dtype, stop);
  return eval::evaluate(model, datasets_.val, tokenizer_, batch_size, config_.eval_max_tokens, autocast_dtype, stop);
}

std::string RunData::description() const {
  if (!train_dialogues_) return std::to_string(datasets_.train.num_tokens()) + " training tokens";
  const data::DialogueCounts& counts = train_dialogues_->counts();
  const int64_t num_windows = train_dialogues_->num_windows();
  char full[32];
  std::snprintf(full, sizeof full, "%.1f %% full",
                100 * static_cast<double>(counts.tokens) / static_cast<double>(num_windows * seq_len_));
  return std::to_string(counts.dialogues) + " dialogues with " + std::to_string(counts.answer_tokens) +
         " tokens of answers in " + std::to_string(num_windows) + " windows, " + full;
}

std::string RunData::warning() const {
  if (!train_dialogues_) return "";
  const data::DialogueCounts& counts = train_dialogues_->counts();
  std::string text;
  const auto add = [&](int64_t count, const char* what) {
    if (count > 0) text += (text.empty() ? "" : "; ") + std::to_string(count) + what;
  };
  add(counts.cut, " dialogues are longer than model.max_seq_len tokens and are cut there");
  add(counts.answers_beyond, " dialogues are left out, since no answer begins before that length");
  add(counts.without_answers, " documents are left out, since they hold no answer");
  return text;
}

}  // namespace ktlm::train
