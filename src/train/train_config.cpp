#include "ktlm/train/train_config.h"

#include "ktlm/core/error.h"

namespace ktlm::train {

void TrainConfig::validate() const {
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
