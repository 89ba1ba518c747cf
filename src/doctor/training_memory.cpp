#include <ATen/DeviceAccelerator.h>
#include <ATen/detail/MPSHooksInterface.h>

#include <algorithm>

#include "ktlm/core/memory_info.h"
#include "ktlm/doctor/training_plan.h"
#include "ktlm/model/device.h"
#include "ktlm/ops/linear_cross_entropy.h"
#include "ktlm/train/train_step.h"

namespace ktlm::doctor {

namespace {

constexpr int64_t kFloatBytes = 4;

}  // namespace

TrainingMemory training_memory(const TrainingPlan& plan, at::ScalarType product_dtype, at::Device device) {
  const auto& model = plan.model;
  const int64_t e = static_cast<int64_t>(c10::elementSize(product_dtype));
  const int64_t c = model.d_model, f = model.d_ff, d = model.resolved_head_dim();
  const int64_t q = model.n_heads * d, kv = model.n_kv_heads * d;
  // On the CPU normalised rows, SwiGLU's results and copies of weights are made again (ops/recomputed_linear.h).
  const auto in_rows = [](int64_t size) { return size % ops::kRowKernelMultiple == 0; };
  const bool remakes = device.is_cpu() && product_dtype != at::kHalf && in_rows(c) && in_rows(f);
  const int64_t norms = model.qk_norm ? e * (q + kv) + kFloatBytes * (model.n_heads + model.n_kv_heads) : 0;
  const int64_t layer = 2 * kFloatBytes * c + e * (2 * q + 2 * kv + 2 * f) + norms + (remakes ? 0 : e * (2 * c + f));
  const int64_t parameters = model.num_parameters(), output_layer = model.vocab_size * c;

  TrainingMemory memory{};
  memory.weights_bytes = kFloatBytes * parameters;
  memory.gradients_bytes = kFloatBytes * parameters;
  // Muon keeps one moment of the blocks' matrices, AdamW two of what it takes.
  const int64_t embeddings = output_layer * (model.tie_embeddings ? 1 : 2);
  const bool muon = plan.train.optimizer == "muon";
  memory.moments_bytes = kFloatBytes * (muon ? parameters + embeddings : 2 * parameters);
  memory.bucket_bytes = plan.processes > 1 ? memory.gradients_bytes : 0;
  const bool recomputes = memory.recomputes = plan.train.gradient_checkpointing;
  const int64_t layer_copies = remakes ? q * c : (parameters - output_layer) / model.n_layers;
  const int64_t copied = (recomputes ? 1 : model.n_layers) * layer_copies + output_layer;
  memory.weight_copies_bytes = product_dtype == at::kFloat ? 0 : e * copied;
  memory.activation_bytes_per_token = model.n_layers * (recomputes ? kFloatBytes * c : layer);
  memory.working_bytes_per_token = 3 * e * f + 2 * kFloatBytes * c + (recomputes ? layer : 0);
  const bool in_place = device.is_cpu() && in_rows(model.vocab_size);
  const int64_t logit_bytes = in_place ? e : 2 * kFloatBytes + (product_dtype == at::kFloat ? 0 : e);
  memory.logits_bytes_per_token = logit_bytes * model.vocab_size;
  memory.largest_logits_bytes = logit_bytes * ops::kMaxLogitsInFlight;
  memory.output_gradient_bytes = (kFloatBytes + (device.is_cpu() ? 0 : e)) * output_layer;
  memory.accumulates = plan.train.grad_accum_steps > 1;
  return memory;
}

int64_t TrainingMemory::tensor_bytes(int64_t num_tokens) const { return bytes_with(num_tokens, 1); }

int64_t TrainingMemory::process_bytes(int64_t num_tokens) const {
  constexpr int64_t kProgramBytes = 250'000'000;
  return bytes_with(num_tokens, recomputes ? 2 : 1.4) + kProgramBytes;
}

int64_t TrainingMemory::bytes_with(int64_t num_tokens, double heap_factor) const {
  const auto in_heap = [&](int64_t bytes_per_token) {
    return static_cast<int64_t>(heap_factor * static_cast<double>(num_tokens * bytes_per_token));
  };
  const int64_t always = weights_bytes + moments_bytes + bucket_bytes;
  const int64_t kept = always + (accumulates ? gradients_bytes : 0);
  const int64_t activations = weight_copies_bytes + in_heap(activation_bytes_per_token);
  const int64_t working = in_heap(working_bytes_per_token);
  const int64_t loss = std::min(largest_logits_bytes, num_tokens * logits_bytes_per_token) + output_gradient_bytes;
  // Before the backward pass all activations are there, behind it all gradients: of several processes in the buckets.
  return std::max(kept + activations + std::max(loss, working),
                  always + (bucket_bytes > 0 ? 0 : gradients_bytes) + working);
}

int64_t largest_micro_batch(const TrainingPlan& plan, at::ScalarType product_dtype, at::Device device, int64_t bytes) {
  const auto memory = training_memory(plan, product_dtype, device);
  int64_t fits = 0, too_many = 1;
  const auto peak = [&](int64_t windows) { return memory.process_bytes(windows * plan.model.max_seq_len); };
  while (peak(too_many) <= bytes) too_many *= 2;
  fits = too_many / 2;
  while (too_many - fits > 1) {
    const int64_t middle = (fits + too_many) / 2;
    (peak(middle) <= bytes ? fits : too_many) = middle;
  }
  return std::min(fits, train::max_micro_batch_tokens(device) / plan.model.max_seq_len);
}

int64_t device_memory_bytes(at::Device device) {
  if (device.is_mps()) return static_cast<int64_t>(at::detail::getMPSHooks().getRecommendedMaxMemory());
  if (device.is_cuda())
    return static_cast<int64_t>(at::accelerator::getMemoryInfo(device.has_index() ? device.index() : 0).second);
  return total_memory_bytes();
}

int64_t usable_memory_bytes(at::Device device) {
  const int64_t bytes = device_memory_bytes(device);
  return device.is_mps() ? bytes : bytes / 5 * 4;
}

}  // namespace ktlm::doctor
