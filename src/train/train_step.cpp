#include "ktlm/train/train_step.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "ktlm/model/device.h"

namespace ktlm::train {

namespace {

// Seconds of the fastest of a few passes through a linear layer of the feed-forward layer's shape.
double seconds_of_linear(at::ScalarType dtype, const model::ModelConfig& config, int64_t num_tokens) {
  constexpr int kWarmUps = 1, kRuns = 4;
  at::Tensor x = at::randn({num_tokens, config.d_model}).requires_grad_();
  at::Tensor weight = at::randn({config.d_ff, config.d_model}).requires_grad_();
  double fastest = std::numeric_limits<double>::infinity();
  for (int run = 0; run < kWarmUps + kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    at::Tensor y;
    {
      const model::AutocastGuard autocast(at::kCPU, dtype);
      y = at::linear(x, weight);
    }
    y.backward(at::ones_like(y));
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (run >= kWarmUps) fastest = std::min(fastest, elapsed.count());
  }
  return fastest;
}

}  // namespace

at::Tensor accumulate_gradients(const model::LanguageModel& model, const data::Batch& batch, double weight,
                                at::ScalarType autocast_dtype) {
  const at::Device device = model.device();
  at::Tensor loss;
  {
    const model::AutocastGuard autocast(device, autocast_dtype);
    const auto starts = batch.text_starts.defined() ? batch.text_starts.to(device) : at::Tensor();
    loss = model.loss(batch.ids.to(device), batch.targets.to(device), starts) * weight;
  }
  loss.backward();
  return loss.detach();
}

std::vector<double> count_targets(const std::vector<data::Batch>& batches) {
  std::vector<double> counts;
  for (const auto& batch : batches) counts.push_back(static_cast<double>(batch.targets.ge(0).sum().item<int64_t>()));
  return counts;
}

int64_t max_micro_batch_tokens(at::Device device) {
  return device.is_mps() ? model::kMpsMaxSummands : std::numeric_limits<int64_t>::max();
}

int64_t useful_micro_batch_tokens(at::Device device) {
  constexpr int64_t kOfCpu = 8192, kOfGpu = 65536;
  return device.is_cpu() ? kOfCpu : std::min(kOfGpu, max_micro_batch_tokens(device));
}

at::ScalarType choose_autocast_dtype(const std::string& setting, at::Device device, const model::ModelConfig& config,
                                     int64_t micro_batch_size) {
  if (setting != "auto") return model::parse_dtype(setting);
  if (device.is_cuda()) return at::kBFloat16;
  if (!device.is_cpu()) return at::kFloat;
  const int64_t num_tokens = std::clamp<int64_t>(std::max<int64_t>(1, micro_batch_size) * config.max_seq_len, 64, 2048);
  // fp32 is the safer choice, so bf16 must win clearly.
  constexpr double kClearly = 0.8;
  const double fp32 = seconds_of_linear(at::kFloat, config, num_tokens);
  const double bf16 = seconds_of_linear(at::kBFloat16, config, num_tokens);
  return bf16 < kClearly * fp32 ? at::kBFloat16 : at::kFloat;
}

}  // namespace ktlm::train
