// The definitions that a device is held against: float64 on the CPU, by the formula and not by any kernel that is under
// test, slow and obvious. Gradients come from autograd through them.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>

#include "ktlm/model/model_config.h"

namespace ktlm::doctor::reference {

/// q (B, H, T, D), keys and values (B, K, L, D) -> (B, T, H, D): query i stands at position L - T + i and sees the keys
/// up to its own; query head h reads key head h / (H / K).
at::Tensor attention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values);

/// x (B, T, H, D), token t at position first_position + t -> (B, H, T, D): channels i and i + D/2 turned as a plane by
/// position * theta^(-2i / D).
at::Tensor rotary(const at::Tensor& x, double theta, int64_t first_position);

/// x / sqrt(mean(x^2) + eps) * weight over the last dimension.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// gate / (1 + exp(-gate)) * up.
at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up);

/// -log of softmax(hidden weight^T) at each row's target, (N): hidden (N, C), weight (V, C), targets (N) int64; 0 where
/// the target is negative.
at::Tensor cross_entropy_per_row(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets);

/// AdamW by its paper (Loshchilov, Hutter 2019, algorithm 2) with constant gradients: the parameter after `num_steps`.
at::Tensor adamw(at::Tensor parameter, const at::Tensor& gradient, int64_t num_steps, double learning_rate,
                 double beta1, double beta2, double epsilon, double weight_decay);

/// Logits behind each token of ids, (T) int64 -> (T, V): the whole model over the whole text, without a cache.
/// `parameters` in float64 by their names.
at::Tensor language_model(const std::map<std::string, at::Tensor>& parameters, const model::ModelConfig& config,
                          const at::Tensor& ids);

}  // namespace ktlm::doctor::reference
