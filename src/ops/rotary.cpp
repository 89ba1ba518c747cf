#include "ktlm/ops/rotary.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "row_kernels.h"

namespace ktlm::ops {
namespace {

// x (..., D), cos and sin (D/2) broadcast from the right.
at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  const auto halves = x.to(at::kFloat).chunk(2, -1);
  const auto &first = halves[0], &second = halves[1];
  return at::cat({first * cos - second * sin, second * cos + first * sin}, -1).to(x.scalar_type());
}

// (B, T, H, D) -> (B, H, T, D)
at::Tensor forward_pass(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  if (!has_row_kernels(x) || !has_row_kernels(cos)) return rotate(x.transpose(1, 2), cos, sin);
  const auto y = at::empty({x.size(0), x.size(2), x.size(1), x.size(3)}, x.options().requires_grad(false));
  rotate_rows(x, y, cos, sin);
  return y;
}

// A rotation's transpose turns back by the same angle, so the backward pass needs nothing but the angles.
struct Rotary : torch::autograd::Function<Rotary> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& cos,
                            const at::Tensor& sin) {
    context->save_for_backward({cos, sin});
    return forward_pass(x, cos, sin);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list grads) {
    const auto saved = context->get_saved_variables();
    if (has_row_kernels(saved[0]) && has_row_kernels(grads[0])) {
      const auto& dy = grads[0];  // (B, H, T, D)
      const auto dx = at::empty({dy.size(0), dy.size(2), dy.size(1), dy.size(3)}, dy.options());
      rotate_back_rows(dy, dx, saved[0], saved[1]);
      return {dx, at::Tensor(), at::Tensor()};
    }
    const auto dx = rotate(grads[0].transpose(1, 2), saved[0].unsqueeze(1), saved[1].neg().unsqueeze(1));
    return {dx, at::Tensor(), at::Tensor()};  // (B, T, H, D)
  }
};

}  // namespace

RotaryTable make_rotary_table(int64_t max_seq_len, int64_t head_dim, double theta, at::Device device,
                              const std::function<float(float)>& rescale) {
  TORCH_CHECK(head_dim % 2 == 0, "make_rotary_table: head_dim is odd");
  const auto fp32 = at::TensorOptions().dtype(at::kFloat);
  const auto exponent = at::arange(0, head_dim, 2, fp32) / static_cast<double>(head_dim);  // (D/2)
  const auto frequency = at::pow(theta, exponent).reciprocal();
  if (rescale) {
    float* const values = frequency.mutable_data_ptr<float>();
    std::transform(values, values + frequency.numel(), values, rescale);
  }
  const auto angle = at::outer(at::arange(max_seq_len, fp32), frequency);  // (max_seq_len, D/2)
  return {angle.cos().to(device), angle.sin().to(device)};
}

at::Tensor apply_rotary(const at::Tensor& x, const RotaryTable& table, int64_t first_position) {
  const auto cos = table.cos.narrow(0, first_position, x.size(1));  // (T, D/2)
  const auto sin = table.sin.narrow(0, first_position, x.size(1));
  if (at::GradMode::is_enabled() && x.requires_grad()) return Rotary::apply(x, cos, sin);
  return forward_pass(x, cos, sin);
}

}  // namespace ktlm::ops
