#include <array>

#include "ktlm/doctor/training_plan.h"
#include "ktlm/model/shipped_models.h"

namespace ktlm::doctor {

std::vector<TrainingPlan> shipped_plans() {
  struct Steps {
    int64_t max_steps, micro_batch_size, grad_accum_steps;
  };
  constexpr std::array<Steps, 4> kSteps = {{{500, 8, 1}, {20000, 4, 8}, {30000, 4, 16}, {45000, 4, 16}}};
  std::vector<TrainingPlan> plans;
  for (const model::NamedModel& shipped : model::shipped_models()) {
    const Steps& steps = kSteps.at(plans.size());
    TrainingPlan& plan = plans.emplace_back(TrainingPlan{shipped.name, shipped.config, {}});
    plan.train.optimizer = "muon";
    plan.train.max_steps = steps.max_steps;
    plan.train.micro_batch_size = steps.micro_batch_size;
    plan.train.grad_accum_steps = steps.grad_accum_steps;
  }
  return plans;
}

}  // namespace ktlm::doctor
