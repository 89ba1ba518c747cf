// What a run trains on and is validated with, by train.task: the stream of all documents and every token's loss (text),
// or whole dialogues and the loss of their answers (chat).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ktlm/data/batch.h"
#include "ktlm/data/dialogue_windows.h"
#include "ktlm/data/token_dataset.h"
#include "ktlm/eval/bits_per_byte.h"
#include "ktlm/train/train_config.h"
#include "ranks.h"

namespace ktlm::train {

class RunData {
 public:
  /// `ranks`, `config`, `datasets` and `tokenizer` must outlive this; windows are of `seq_len` tokens. Throws Error
  /// where there is nothing to train on.
  RunData(const Ranks& ranks, const TrainConfig& config, int64_t micro_batch_size, int64_t seq_len,
          const data::TokenDatasets& datasets, const tokenizer::Tokenizer& tokenizer);

  /// This rank's part of the same windows in the same order, so many at a time. Batches of before are gone.
  void use_micro_batches(int64_t micro_batch_size);

  data::BatchSource& batches() { return *batches_; }
  bool can_validate() const;
  /// In batches of so many windows. Stops early, with what it has, when `stop` is requested.
  eval::Evaluation validate(const model::LanguageModel& model, int64_t batch_size, at::ScalarType autocast_dtype,
                            const StopFlag& stop) const;

  /// "1234 training tokens".
  std::string description() const;
  /// What the user should know of the data before the run; may be empty.
  std::string warning() const;

 private:
  const Ranks& ranks_;
  const TrainConfig& config_;
  const data::TokenDatasets& datasets_;
  const tokenizer::Tokenizer& tokenizer_;
  int64_t seq_len_;
  std::optional<data::DialogueWindows> train_dialogues_, val_dialogues_;  // of chat alone
  std::unique_ptr<data::BatchSource> batches_;
};

}  // namespace ktlm::train
