#include <algorithm>

#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"
#include "ktlm/data/batch_loader.h"
#include "ktlm/doctor/speed.h"
#include "ktlm/doctor/training_plan.h"
#include "ktlm/model/device.h"
#include "ktlm/model/language_model.h"
#include "ktlm/train/optimizer.h"
#include "ktlm/train/train_step.h"

namespace ktlm::doctor {

namespace {

constexpr int64_t kMeasuredTokens = 2048;

// Seconds of the parts of a step.
struct StepSeconds {
  double micro_batch, update;
};

StepSeconds measure(model::ModelConfig config, int64_t n_layers, int64_t batch_size, bool gradient_checkpointing,
                    at::ScalarType dtype, at::Device device) {
  constexpr int64_t kWarmUps = 1, kRuns = 2;
  config.n_layers = n_layers;
  model::LanguageModel model(config, device, at::kFloat, 1);
  model.set_requires_grad(true);
  model.set_gradient_checkpointing(gradient_checkpointing);
  train::AdamW optimizer(model.parameters(), {});
  const auto ids = at::randint(config.vocab_size, {batch_size, config.max_seq_len}, at::kLong);
  const data::Batch batch{ids, ids};
  StepSeconds fastest{};
  for (int64_t run = 0; run < kWarmUps + kRuns; ++run) {
    const auto micro_batch = [&] { train::accumulate_gradients(model, batch, 1, dtype); };
    const auto update = [&] { optimizer.step(1e-4, 1); };
    const StepSeconds seconds{time_runs(0, 1, device, micro_batch)[0], time_runs(0, 1, device, update)[0]};
    if (run <= kWarmUps) fastest = seconds;
    fastest.micro_batch = std::min(fastest.micro_batch, seconds.micro_batch);
    fastest.update = std::min(fastest.update, seconds.update);
  }
  return fastest;
}

// In fp32, which takes the most: the dtype is chosen by measuring too.
void check_memory(TrainingPlan plan, int64_t windows, at::Device device) {
  plan.model.n_layers = 2;
  plan.train.grad_accum_steps = 1;
  const int64_t needed = training_memory(plan, at::kFloat).process_bytes(windows * plan.model.max_seq_len);
  const int64_t usable = usable_memory_bytes(device);
  if (needed > usable)
    throw Error("two of its layers alone take " + format_bytes(needed) + ", more than the " + format_bytes(usable) +
                " that a run may take");
}

}  // namespace

TrainingTime measure_training_time(const TrainingPlan& plan, at::Device device) {
  const auto& [name, model, train] = plan;
  const int64_t windows = std::clamp<int64_t>(kMeasuredTokens / model.max_seq_len, 1, train.micro_batch_size);
  check_memory(plan, windows, device);
  TrainingTime time{};
  time.dtype = train::choose_autocast_dtype(train.dtype, device, model, train.micro_batch_size);
  const auto one = measure(model, 1, windows, train.gradient_checkpointing, time.dtype, device);
  const auto two = measure(model, 2, windows, train.gradient_checkpointing, time.dtype, device);
  const auto at_all_layers = [&](double with_one, double with_two) {
    return with_one + static_cast<double>(model.n_layers - 1) * std::max(0.0, with_two - with_one);
  };
  const double micro_batches =
      static_cast<double>(train.grad_accum_steps * train.micro_batch_size) / static_cast<double>(windows);
  time.seconds_per_step =
      micro_batches * at_all_layers(one.micro_batch, two.micro_batch) + at_all_layers(one.update, two.update);
  const auto tokens = static_cast<double>(train.grad_accum_steps * train.micro_batch_size * model.max_seq_len);
  time.tokens_per_second = tokens / time.seconds_per_step;
  time.total_seconds = static_cast<double>(train.max_steps) * time.seconds_per_step;
  return time;
}

}  // namespace ktlm::doctor
