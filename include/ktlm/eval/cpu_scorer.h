// ktlm's own model for the CPU, as evaluation sees it: what users talk with, in 16, 8 or 4 bits.
#pragma once

#include "ktlm/cpu_model/cpu_model.h"
#include "ktlm/eval/scorer.h"

namespace ktlm::eval {

class CpuScorer : public Scorer {
 public:
  /// Keeps a reference. `batch_size` prompts at a time share a pass over the weights.
  CpuScorer(cpu_model::CpuModel& model, int64_t batch_size) : model_(model), batch_size_(batch_size) {}

  const model::ModelConfig& config() const override { return model_.config(); }

 protected:
  LogLikelihoods compute(std::span<const Prompt> prompts, const ProgressCallback& progress,
                         const StopFlag& stop) override;

 private:
  cpu_model::CpuModel& model_;
  int64_t batch_size_;
};

}  // namespace ktlm::eval
