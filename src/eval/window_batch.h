// Windows of tokens side by side, as the model takes them in.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "ktlm/model/device.h"
#include "ktlm/model/kv_cache.h"
#include "ktlm/model/language_model.h"

namespace ktlm::eval {

// On the CPU; padding is id 0 with target -1, which no earlier position sees and no sum counts.
struct WindowBatch {
  WindowBatch(int64_t batch_size, int64_t length)
      : ids(at::zeros({batch_size, length}, at::kLong)), targets(at::full({batch_size, length}, -1, at::kLong)) {}

  int64_t* ids_row(int64_t row) { return ids.mutable_data_ptr<int64_t>() + row * ids.size(1); }
  int64_t* targets_row(int64_t row) { return targets.mutable_data_ptr<int64_t>() + row * targets.size(1); }

  /// The loss of each token, (B, T) fp32 on the CPU; behind the tokens of `cache`, which takes them in.
  at::Tensor token_losses(const model::LanguageModel& model, at::ScalarType autocast_dtype,
                          model::KvCache* cache = nullptr) const {
    const model::AutocastGuard autocast(model.device(), autocast_dtype);
    const auto on_device = [&](const at::Tensor& x) { return x.defined() ? x.to(model.device()) : x; };
    return model.token_losses(on_device(ids), on_device(targets), on_device(text_starts), cache)
        .to(at::kCPU)
        .contiguous();
  }

  at::Tensor ids, targets;  // (B, T) int64
  at::Tensor text_starts;   // the same where a row holds several texts, else undefined
};

}  // namespace ktlm::eval
