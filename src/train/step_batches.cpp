#include "step_batches.h"

#include <algorithm>
#include <numeric>

#include "ktlm/train/train_step.h"

namespace ktlm::train {

namespace {

constexpr int64_t kMaxBytes = int64_t{32} << 20;  // of batches on the device

}  // namespace

BatchUploader::BatchUploader(const Ranks& ranks, data::BatchSource& source, int64_t grad_accum_steps, at::Device device)
    : ranks_(ranks), source_(source), grad_accum_steps_(grad_accum_steps), device_(device) {}

StepBatches BatchUploader::at(int64_t step, int64_t num_ahead) {
  const auto num_loaded = static_cast<int64_t>(shares_.size());
  if (step < first_step_ || step >= first_step_ + num_loaded) load(step, num_ahead);
  const int64_t index = step - first_step_;
  StepBatches result{{}, shares_[static_cast<size_t>(index)]};
  for (int64_t i = 0; i < grad_accum_steps_; ++i) {
    const auto batch = tokens_.select(0, index * grad_accum_steps_ + i);
    result.batches.push_back({batch.select(0, 0), batch.select(0, 1)});
    if (batch.size(0) > 2) result.batches.back().text_starts = batch.select(0, 2);
  }
  return result;
}

void BatchUploader::load(int64_t first_step, int64_t num_steps) {
  std::vector<at::Tensor> tokens;
  shares_.clear();
  std::vector<double> totals;  // of the steps' targets
  int64_t bytes_per_step = 0;
  do {
    std::vector<data::Batch> batches;
    for (int64_t i = 0; i < grad_accum_steps_; ++i) {
      const auto step = first_step + static_cast<int64_t>(shares_.size());
      batches.push_back(source_.batch(step * grad_accum_steps_ + i));
      const auto& batch = batches.back();
      tokens.push_back(batch.text_starts.defined() ? at::stack({batch.ids, batch.targets, batch.text_starts})
                                                   : at::stack({batch.ids, batch.targets}));
    }
    shares_.push_back(count_targets(batches));
    totals.push_back(std::accumulate(shares_.back().begin(), shares_.back().end(), 0.0));
    bytes_per_step = grad_accum_steps_ * static_cast<int64_t>(tokens.back().nbytes());
  } while (static_cast<int64_t>(shares_.size()) < std::min(num_steps, kMaxBytes / bytes_per_step));
  ranks_.add_up(totals);
  for (size_t i = 0; i < shares_.size(); ++i)
    for (double& share : shares_[i]) share /= totals[i];
  first_step_ = first_step;
  tokens_ = at::stack(tokens).to(device_);
}

}  // namespace ktlm::train
