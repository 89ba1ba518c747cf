#include "ktlm/ops/swiglu.h"

#include <torch/csrc/autograd/custom_function.h>

#include "row_kernels.h"

namespace ktlm::ops {
namespace {

at::Tensor forward_pass(const at::Tensor& gate, const at::Tensor& up) {
  if (!has_row_kernels(gate) || !has_row_kernels(up)) return at::silu(gate).mul_(up);
  const auto y = at::empty(gate.sizes(), gate.options().requires_grad(false));
  swiglu_rows(gate, up, y);
  return y;
}

struct Swiglu : torch::autograd::Function<Swiglu> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& gate, const at::Tensor& up) {
    context->save_for_backward({gate, up});
    return forward_pass(gate, up);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list grads) {
    const auto saved = context->get_saved_variables();
    const auto &gate = saved[0], &up = saved[1], &dy = grads[0];
    return {at::silu_backward(dy.mul(up), gate), at::silu(gate).mul_(dy)};
  }
};

}  // namespace

at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) {
  if (at::GradMode::is_enabled() && (gate.requires_grad() || up.requires_grad())) return Swiglu::apply(gate, up);
  return forward_pass(gate, up);
}

}  // namespace ktlm::ops
