// An operation against the plain version of it: results, and gradients of a fixed random projection of the result.
#pragma once

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include <functional>
#include <vector>

namespace ktlm::test {

struct ValueAndGradients {
  at::Tensor value;
  std::vector<at::Tensor> gradients;  // of sum(value * noise) in each input
};

using Operation = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

inline ValueAndGradients differentiate(const Operation& operation, const std::vector<at::Tensor>& inputs) {
  std::vector<at::Tensor> leaves;
  for (const auto& input : inputs) leaves.push_back(input.detach().clone().requires_grad_(true));
  const auto value = operation(leaves);
  at::manual_seed(99);
  const auto noise = at::randn(value.sizes(), at::kFloat).to(value.scalar_type());
  return {value.detach(), torch::autograd::grad({value}, leaves, {noise})};
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

/// The largest difference relative to the largest value of the expected tensor.
inline double relative_difference(const at::Tensor& got, const at::Tensor& expected) {
  return largest_difference(got, expected) / expected.to(at::kDouble).abs().max().clamp_min(1e-12).item<double>();
}

}  // namespace ktlm::test
