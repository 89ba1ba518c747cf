// Rotary position embedding (Su et al. 2021, RoFormer): a pair of channels of q and k turns by an angle that grows with
// the token's position, so that q·k depends on distance alone. Channels i and i + D/2 form the pair, as in Llama and
// transformers.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>

namespace ktlm::ops {

struct RotaryTable {
  at::Tensor cos;  // (max_seq_len, D/2), fp32
  at::Tensor sin;  // (max_seq_len, D/2), fp32
};

/// Angles for the positions 0 .. max_seq_len - 1, made on the CPU in fp32 as transformers makes them. `head_dim` is
/// even; `theta` is the base of the wavelengths (10,000 in Llama). `rescale`, where there is one, says what a
/// frequency, in radians per position, becomes in a model with a stretched context.
RotaryTable make_rotary_table(int64_t max_seq_len, int64_t head_dim, double theta, at::Device device,
                              const std::function<float(float)>& rescale = {});

/// Turns x, (B, T, H, D), whose tokens stand at first_position .. first_position + T - 1 of the table, and lays it out
/// for attention: (B, H, T, D), contiguous, of x's dtype. Differentiable in x.
at::Tensor apply_rotary(const at::Tensor& x, const RotaryTable& table, int64_t first_position);

}  // namespace ktlm::ops
