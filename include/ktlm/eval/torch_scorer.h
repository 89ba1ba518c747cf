// The model on libtorch, as evaluation sees it.
#pragma once

#include <torch/types.h>

#include <string>

#include "ktlm/eval/scorer.h"
#include "ktlm/model/language_model.h"

namespace ktlm::eval {

class TorchScorer : public Scorer {
 public:
  /// Keeps a reference. Prompts go through in batches, under autocast to `autocast_dtype`.
  TorchScorer(const model::LanguageModel& model, int64_t batch_size, at::ScalarType autocast_dtype)
      : model_(model), batch_size_(batch_size), autocast_dtype_(autocast_dtype) {}

  const model::ModelConfig& config() const override { return model_.config(); }

 protected:
  LogLikelihoods compute(std::span<const Prompt> prompts, const ProgressCallback& progress,
                         const StopFlag& stop) override;
  std::string reason_of_no_number() const override;

 private:
  struct Row;
  void score_rows(std::span<const Row> rows) const;
  void score_behind_contexts(std::span<const Prompt* const> prompts, std::span<std::vector<double>* const> results,
                             int64_t context_columns) const;

  const model::LanguageModel& model_;
  int64_t batch_size_;
  at::ScalarType autocast_dtype_;
};

}  // namespace ktlm::eval
