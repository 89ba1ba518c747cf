#include "ktlm/ops/checkpointing.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <ATen/autocast_mode.h>

#include "ktlm/ops/autocast.h"

namespace ktlm::ops {
namespace {

using Block = std::function<at::Tensor(const at::Tensor&)>;

// The function and the autocast state to run it again with; IValue holders need an intrusive pointer.
struct Recomputation : torch::CustomClassHolder {
  Block function;
  at::ScalarType autocast_dtype;  // fp32: off
};

struct Checkpoint : torch::autograd::Function<Checkpoint> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, at::TensorList parameters,
                            const c10::intrusive_ptr<Recomputation>& recomputation) {
    std::vector<at::Tensor> saved{x};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    context->save_for_backward(std::move(saved));
    context->saved_data["recomputation"] = c10::IValue::make_capsule(recomputation);
    return recomputation->function(x);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list grads) {
    const auto holder = context->saved_data["recomputation"].toCapsule();
    const auto& recomputation = static_cast<const Recomputation&>(*holder);
    auto inputs = context->get_saved_variables();
    inputs[0] = inputs[0].detach().requires_grad_(inputs[0].requires_grad());
    torch::autograd::variable_list wanted;
    for (const auto& input : inputs) {
      if (input.requires_grad()) wanted.push_back(input);
    }
    const at::AutoGradMode enable_grad(true);
    at::Tensor output;
    {
      const AutocastGuard autocast(inputs[0].device(), recomputation.autocast_dtype);
      output = recomputation.function(inputs[0]);
    }
    auto computed = torch::autograd::grad({output}, wanted, {grads[0]});
    torch::autograd::variable_list result;
    auto next = computed.begin();
    for (const auto& input : inputs) result.push_back(input.requires_grad() ? *next++ : at::Tensor());
    result.emplace_back();  // of the recomputation
    return result;
  }
};

}  // namespace

at::Tensor checkpoint(std::function<at::Tensor(const at::Tensor&)> function, const at::Tensor& x,
                      at::TensorList parameters) {
  if (!at::GradMode::is_enabled()) return function(x);
  auto recomputation = c10::make_intrusive<Recomputation>();
  recomputation->function = std::move(function);
  const bool autocast = at::autocast::is_autocast_enabled(x.device().type());
  recomputation->autocast_dtype = autocast ? product_dtype(x) : at::kFloat;
  return Checkpoint::apply(x, parameters, recomputation);
}

}  // namespace ktlm::ops
