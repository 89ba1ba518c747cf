// ktlm's own model for the CPU, as generate and chat see it.
#pragma once

#include "ktlm/cpu_model/cpu_model.h"
#include "ktlm/generate/token_model.h"

namespace ktlm::generate {

class CpuTokenModel : public TokenModel {
 public:
  /// Keeps a reference.
  explicit CpuTokenModel(cpu_model::CpuModel& model) : model_(model) {}

  const model::ModelConfig& config() const override { return model_.config(); }
  std::unique_ptr<TokenContext> make_context(int64_t num_texts, int64_t max_len) const override;

 private:
  cpu_model::CpuModel& model_;
};

}  // namespace ktlm::generate
