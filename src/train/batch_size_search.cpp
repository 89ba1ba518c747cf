#include "batch_size_search.h"

#include <ATen/DeviceAccelerator.h>
#include <ATen/detail/MPSHooksInterface.h>

#include <algorithm>
#include <vector>

#include "ktlm/core/memory_info.h"
#include "ktlm/model/device.h"
#include "ktlm/model/torch_error.h"
#include "ktlm/train/train_step.h"

namespace ktlm::train {

namespace {

// What the process has taken of the device's memory so far, at most. CUDA says by an exception what is too much.
int64_t used_bytes(at::Device device) {
  if (device.is_mps()) return static_cast<int64_t>(at::detail::getMPSHooks().getDriverAllocatedMemory());
  return device.is_cpu() ? peak_memory_bytes() : 0;
}

// What it may have in all: beyond it the machine swaps, or ends a process.
int64_t budget_bytes(at::Device device, int64_t num_processes) {
  if (device.is_mps()) return static_cast<int64_t>(at::detail::getMPSHooks().getRecommendedMaxMemory());
  return current_memory_bytes() + available_memory_bytes() / 5 * 4 / num_processes;
}

bool runs(const model::LanguageModel& model, Optimizer& optimizer, int64_t micro_batch_size,
          at::ScalarType autocast_dtype) {
  const auto& config = model.config();
  const at::Tensor ids = at::arange(micro_batch_size * config.max_seq_len, at::kLong)
                             .remainder(config.vocab_size)
                             .view({micro_batch_size, config.max_seq_len})
                             .to(model.device());
  bool fits = true;
  try {
    model::translate_torch_errors([&] {
      for (int i = 0; i < 2; ++i) accumulate_gradients(model, {ids, ids}, 0.5, autocast_dtype);
      model::synchronize(model.device());
    });
  } catch (const model::OutOfMemoryError&) {
    if (micro_batch_size == 1) throw;
    fits = false;
  }
  optimizer.clear_gradients();
  return fits;
}

}  // namespace

int64_t largest_divisor(int64_t windows, int64_t most) {
  int64_t divisor = std::min(windows, most);
  while (windows % divisor != 0) --divisor;
  return divisor;
}

int64_t next_smaller_micro_batch(int64_t micro_batch_size, int64_t windows_per_step) {
  return largest_divisor(windows_per_step, micro_batch_size / 2);
}

int64_t find_micro_batch_size(const model::LanguageModel& model, Optimizer& optimizer, int64_t windows_per_step,
                              at::ScalarType autocast_dtype, const Launch& launch) {
  const at::Device device = model.device();
  std::vector<at::Tensor> exchanged;  // several processes hold each gradient a second time, in buckets
  if (launch.world_size > 1)
    for (const auto& parameter : model.parameters()) exchanged.push_back(at::zeros_like(parameter.tensor));
  const int64_t most = std::max<int64_t>(1, useful_micro_batch_tokens(device) / model.config().max_seq_len);
  const int64_t budget = budget_bytes(device, launch.local_world_size);
  const auto before = current_memory_bytes();
  int64_t found = 0;
  for (int64_t size = 1; size <= std::min(most, windows_per_step); ++size) {
    if (windows_per_step % size != 0) continue;
    // As if all that came on top of the program grew with the size, which is more than it does.
    const int64_t on_top = used_bytes(device) - (device.is_cpu() ? before : 0);
    if (found > 0 && used_bytes(device) + on_top / found * (size - found) > budget) break;
    if (!runs(model, optimizer, size, autocast_dtype)) break;
    found = size;
  }
  exchanged.clear();
  model::release_cached_memory(device);
  return found;
}

}  // namespace ktlm::train
