#include "ktlm/train/train_config.h"

#include <algorithm>

#include "ktlm/core/error.h"

namespace ktlm::train {

namespace {

// Of each process. Far more than anyone trains, so that the counts of up to 2,000 processes stay within 64 bits.
constexpr int64_t kMaxWindowsPerStep = int64_t{1} << 30, kMaxTokens = int64_t{1} << 52;

void check_size(const TrainConfig& config, int64_t max_seq_len) {
  const int64_t micro_batch = std::max<int64_t>(1, config.micro_batch_size);
  if (micro_batch > kMaxWindowsPerStep / config.grad_accum_steps)
    throw ConfigError("train.micro_batch_size (" + std::to_string(config.micro_batch_size) +
                      ") x train.grad_accum_steps (" + std::to_string(config.grad_accum_steps) + ") must be at most " +
                      std::to_string(kMaxWindowsPerStep) + " windows a step; lower one of them");
  if (max_seq_len > kMaxTokens / config.windows_per_step() / config.max_steps)
    throw ConfigError("train.max_steps (" + std::to_string(config.max_steps) + ") x " +
                      std::to_string(config.windows_per_step()) + " windows x model.max_seq_len (" +
                      std::to_string(max_seq_len) + ") must be at most " + std::to_string(kMaxTokens) +
                      " tokens; lower train.max_steps");
}

void check_warmup_seq_len(const TrainConfig& config, int64_t max_seq_len) {
  if (config.warmup_seq_len == 0) return;
  if (config.task != "text")
    throw ConfigError("train.warmup_seq_len cuts texts, but train.task is " + config.task + "; set it to 0");
  int64_t length = max_seq_len;
  while (length > config.warmup_seq_len && length % 2 == 0) length /= 2;
  if (length == config.warmup_seq_len && length > 1) return;
  throw ConfigError("train.warmup_seq_len is " + std::to_string(config.warmup_seq_len) +
                    ", expected model.max_seq_len (" + std::to_string(max_seq_len) +
                    ") or its half, quarter and so on, at least 2; 0 makes all windows as long");
}

}  // namespace

void TrainConfig::validate(int64_t max_seq_len) const {
  check_size(*this, max_seq_len);
  check_warmup_seq_len(*this, max_seq_len);
  if (warmup_steps >= max_steps)
    throw ConfigError("train.warmup_steps is " + std::to_string(warmup_steps) +
                      ", expected less than train.max_steps (" + std::to_string(max_steps) +
                      "); lower it, 1-2 % of the steps is usual");
  if (beta1 >= 1 || beta2 >= 1)
    throw ConfigError("train.beta1 and train.beta2 must be less than 1 (0.9 and 0.95 are usual)");
  if (muon_momentum >= 1) throw ConfigError("train.muon_momentum must be less than 1 (0.95 is usual)");
  if (early_stop_patience > 0 && eval_every_steps == 0)
    throw ConfigError("train.early_stop_patience needs validations; set train.eval_every_steps or leave patience at 0");
}

}  // namespace ktlm::train
