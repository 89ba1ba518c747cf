// The checks by name, and what each of them is given.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "evidence.h"

namespace ktlm::doctor {

struct CheckContext {
  at::Device device;
  at::ScalarType dtype;
  bool quick;  // as small as still finds the known faults
  uint64_t num_drawn = 0;

  /// Values of about the size that a model's have, drawn on the CPU and rounded to the dtype: in each check the same,
  /// but no two draws of one check alike, so that operands that a device swaps show.
  at::Tensor random(at::IntArrayRef shape);
};

struct Check {
  const char* name;
  void (*run)(CheckContext& context, Evidence& evidence);
  bool quick;               // among those before a training run
  bool of_weights = false;  // which a training run keeps in fp32, whatever it multiplies in
  /// In which ktlm does this at all.
  std::vector<at::ScalarType> dtypes = {at::kFloat, at::kBFloat16, at::kHalf};
};

std::vector<Check> attention_checks();
std::vector<Check> layer_checks();
std::vector<Check> training_checks();

/// A value on the device, and the same in float64 on the CPU, both leaves that want a gradient.
struct Input {
  at::Tensor on_device, in_float64;
};

/// `value` as both sides get it. With `strided` the device's is a transposed view: the same numbers, not contiguous.
Input make_input(const at::Tensor& value, at::Device device, bool strided = false);

/// Opens the aspects forward and backward: runs `on_device` and `reference`, each over its half of the inputs, compares
/// their results, sends one random gradient back through both and compares the gradients of all inputs.
template <class OnDevice, class Reference>
void compare_both_ways(CheckContext& context, Evidence& evidence, const std::vector<Input>& inputs,
                       const OnDevice& on_device, const Reference& reference, double tolerance) {
  evidence.begin("forward");
  std::vector<at::Tensor> given, exact;
  for (const Input& input : inputs) {
    given.push_back(input.on_device);
    exact.push_back(input.in_float64);
  }
  const at::Tensor result = on_device(given), expected = reference(exact);
  evidence.close("the result", result, expected, tolerance);

  evidence.begin("backward");
  const at::Tensor gradient = context.random(expected.sizes());
  result.backward(gradient.to(context.device));
  expected.backward(gradient.to(at::kDouble));
  for (size_t i = 0; i < inputs.size(); ++i)
    evidence.close("the gradient of input " + std::to_string(i + 1), given[i].grad(), exact[i].grad(), tolerance);
}

}  // namespace ktlm::doctor
