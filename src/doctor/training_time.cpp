#include <algorithm>
#include <vector>

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
constexpr int kRuns = 4;

// Seconds of the parts of each step.
struct StepSeconds {
  std::vector<double> micro_batch, update;
};

double fastest(const std::vector<double>& seconds) { return *std::min_element(seconds.begin(), seconds.end()); }

// The plan's model with so many layers, ready to train on random tokens.
class ShortModel {
 public:
  ShortModel(const TrainingPlan& plan, int64_t n_layers, int64_t windows, at::ScalarType dtype, at::Device device)
      : model_(with_layers(plan.model, n_layers), device, at::kFloat, 1),
        optimizer_(model_.parameters(), train::make_optimizer_options(plan.train)),
        dtype_(dtype) {
    model_.set_requires_grad(true);
    model_.set_gradient_checkpointing(plan.train.gradient_checkpointing);
    const auto ids = at::randint(plan.model.vocab_size, {windows, plan.model.max_seq_len}, at::kLong).to(device);
    batch_ = {ids, ids};
  }

  void step(StepSeconds& seconds) {
    const auto micro_batch = [&] { train::accumulate_gradients(model_, batch_, 1, dtype_); };
    const auto update = [&] { optimizer_.step(1e-4, 1, /*loss=*/{}, dtype_); };
    seconds.micro_batch.push_back(time_runs(0, 1, model_.device(), micro_batch)[0]);
    seconds.update.push_back(time_runs(0, 1, model_.device(), update)[0]);
  }

 private:
  static model::ModelConfig with_layers(model::ModelConfig config, int64_t n_layers) {
    config.n_layers = n_layers;
    return config;
  }

  model::LanguageModel model_;
  train::Optimizer optimizer_;
  data::Batch batch_;
  at::ScalarType dtype_;
};

// In fp32, which takes the most: the dtype is chosen by measuring too.
void check_memory(TrainingPlan plan, int64_t windows, at::Device device) {
  plan.model.n_layers = 2;
  plan.train.grad_accum_steps = 1;
  int64_t needed = training_memory(plan, at::kFloat, device).process_bytes(windows * plan.model.max_seq_len);
  plan.model.n_layers = 1;
  needed +=
      training_memory(plan, at::kFloat, device).tensor_bytes(0);  // of the model with one layer, which waits its turn
  const int64_t usable = usable_memory_bytes(device);
  if (needed > usable)
    throw Error("two of its layers alone take " + format_bytes(needed) + ", more than the " + format_bytes(usable) +
                " that a run may take");
}

}  // namespace

bool is_steady(const std::vector<double>& one_layer_seconds, const std::vector<double>& two_layers_seconds,
               model::ModelConfig config) {
  constexpr double kLeast = 0.25, kLikeness = 1.15;
  for (auto seconds : {one_layer_seconds, two_layers_seconds}) {
    std::sort(seconds.begin(), seconds.end());
    if (seconds[1] > kLikeness * seconds[0]) return false;
  }
  const double one = fastest(one_layer_seconds), two = fastest(two_layers_seconds);
  const auto flops = [&](int64_t n_layers) {
    config.n_layers = n_layers;
    return flops_per_token(config, static_cast<double>(config.max_seq_len) / 2, /*training=*/true);
  };
  return two - one >= kLeast * (1 - flops(1) / flops(2)) * two;
}

bool is_possible(const TrainingTime& time, const model::ModelConfig& config, const MachineSpeed& speed) {
  constexpr double kMost = 1.25;
  const double flops =
      time.tokens_per_second * flops_per_token(config, static_cast<double>(config.max_seq_len) / 2, /*training=*/true);
  return std::none_of(speed.gemm.begin(), speed.gemm.end(), [&](const MachineSpeed::Gemm& gemm) {
    return gemm.dtype == time.dtype && flops > kMost * gemm.flops_per_second;
  });
}

TrainingTime measure_training_time(const TrainingPlan& plan, at::Device device) {
  const auto& [name, model, train, processes, processes_here] = plan;
  const int64_t windows = std::clamp<int64_t>(kMeasuredTokens / model.max_seq_len, 1, train.micro_batch_size);
  check_memory(plan, windows, device);
  TrainingTime time{};
  time.dtype = train::choose_autocast_dtype(train.dtype, device, model, train.micro_batch_size);
  ShortModel with_one_layer(plan, 1, windows, time.dtype, device),
      with_two_layers(plan, 2, windows, time.dtype, device);
  StepSeconds one, two;
  for (int run = 0; run < kRuns; ++run) {  // in turns, so that both meet the same disturbances
    with_one_layer.step(one);
    with_two_layers.step(two);
  }
  time.steady = is_steady(one.micro_batch, two.micro_batch, model);
  const auto at_all_layers = [&](double with_one, double with_two) {
    return with_one + static_cast<double>(model.n_layers - 1) * std::max(0.0, with_two - with_one);
  };
  const double micro_batches =
      static_cast<double>(train.grad_accum_steps * train.micro_batch_size) / static_cast<double>(windows);
  time.seconds_per_step = micro_batches * at_all_layers(fastest(one.micro_batch), fastest(two.micro_batch)) +
                          at_all_layers(fastest(one.update), fastest(two.update));
  const auto tokens = static_cast<double>(train.grad_accum_steps * train.micro_batch_size * model.max_seq_len);
  time.tokens_per_second = tokens / time.seconds_per_step;
  time.total_seconds = static_cast<double>(train.max_steps) * time.seconds_per_step;
  return time;
}

}  // namespace ktlm::doctor
