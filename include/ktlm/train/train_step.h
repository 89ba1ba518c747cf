// The two halves of an optimizer step, as the trainer and the benchmark run them: gradients of a micro-batch, any
// number of times, then the update (Optimizer::step). Nothing here waits for the device.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ktlm/data/batch.h"
#include "ktlm/model/language_model.h"

namespace ktlm::train {

/// Adds the gradient of the micro-batch's mean loss, times `weight`, to the parameters' gradients, and returns the loss
/// times `weight`, a scalar on the device. With each micro-batch's share of the step's targets as its weight, the sum
/// is the loss, and the gradient, of one large batch.
at::Tensor accumulate_gradients(const model::LanguageModel& model, const data::Batch& batch, double weight,
                                at::ScalarType autocast_dtype);

/// How many targets each batch has (those that are not negative).
std::vector<double> count_targets(const std::vector<data::Batch>& batches);

/// Tokens that a micro-batch may have: the gradients of a linear layer sum over them (model::kMpsMaxSummands).
int64_t max_micro_batch_tokens(at::Device device);

/// Tokens in a micro-batch beyond which the device trains no faster; at most max_micro_batch_tokens.
int64_t useful_micro_batch_tokens(at::Device device);

/// The dtype to multiply in. "fp32", "bf16": as said. "auto": what a linear layer of the model's shape takes less time
/// in, forward and backward, on the CPU; bf16 on CUDA; fp32 on MPS, where bf16 was slower.
at::ScalarType choose_autocast_dtype(const std::string& setting, at::Device device, const model::ModelConfig& config,
                                     int64_t micro_batch_size);

}  // namespace ktlm::train
