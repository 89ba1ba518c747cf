#include "ktlm/doctor/training_plan.h"

namespace ktlm::doctor {

std::vector<TrainingPlan> shipped_plans() {
  const auto plan = [](const char* name, const model::ModelConfig& model, int64_t max_steps, int64_t micro_batch_size,
                       int64_t grad_accum_steps) {
    TrainingPlan result{name, model, {}};
    result.train.max_steps = max_steps;
    result.train.micro_batch_size = micro_batch_size;
    result.train.grad_accum_steps = grad_accum_steps;
    return result;
  };
  return {plan("tiny",
               {.vocab_size = 2000,
                .d_model = 192,
                .n_layers = 4,
                .n_heads = 4,
                .n_kv_heads = 2,
                .d_ff = 512,
                .max_seq_len = 128},
               1200, 8, 1),
          plan("small",
               {.vocab_size = 16000,
                .d_model = 512,
                .n_layers = 15,
                .n_heads = 8,
                .n_kv_heads = 2,
                .d_ff = 1408,
                .max_seq_len = 1024},
               20000, 4, 8),
          plan("base",
               {.vocab_size = 32000,
                .d_model = 576,
                .n_layers = 24,
                .n_heads = 9,
                .n_kv_heads = 3,
                .d_ff = 1536,
                .max_seq_len = 1024},
               30000, 4, 16),
          plan("large",
               {.vocab_size = 32000,
                .d_model = 640,
                .n_layers = 30,
                .n_heads = 10,
                .n_kv_heads = 2,
                .d_ff = 1728,
                .max_seq_len = 1024},
               45000, 4, 16)};
}

}  // namespace ktlm::doctor
