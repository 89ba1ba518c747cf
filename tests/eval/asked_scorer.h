// A scorer that keeps what it was asked; each token costs a nat.
#pragma once

#include <vector>

#include "ktlm/eval/scorer.h"

namespace ktlm::test {

class AskedScorer : public eval::Scorer {
 public:
  explicit AskedScorer(int64_t max_seq_len = model::ModelConfig().max_seq_len) { config_.max_seq_len = max_seq_len; }
  const model::ModelConfig& config() const override { return config_; }
  std::vector<eval::Prompt> asked;

 protected:
  eval::LogLikelihoods compute(std::span<const eval::Prompt> prompts, const ProgressCallback&,
                               const StopFlag&) override {
    asked.assign(prompts.begin(), prompts.end());
    eval::LogLikelihoods all;
    for (const eval::Prompt& prompt : asked) {
      all.emplace_back();
      for (const eval::Ids& continuation : prompt.continuations)
        all.back().push_back(-static_cast<double>(continuation.size()));
    }
    return all;
  }

 private:
  model::ModelConfig config_;
};

}  // namespace ktlm::test
