#include "ktlm/ops/rms_norm.h"

#include <torch/csrc/autograd/custom_function.h>

#include "ktlm/ops/autocast.h"
#include "row_kernels.h"

namespace ktlm::ops {
namespace {

at::Tensor reciprocal_rms(const at::Tensor& x, double eps) {  // (..., 1), fp32
  return x.square().mean(-1, /*keepdim=*/true).add_(eps).rsqrt_();
}

at::Tensor normalize(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& weight, at::ScalarType out_dtype) {
  return x.mul(scale).to(x.scalar_type()).mul(weight.to(x.scalar_type())).to(out_dtype);
}

struct Normalized {
  at::Tensor y;      // (..., C)
  at::Tensor scale;  // 1 / rms in fp32: (rows) from the row kernels, else (..., 1)
};

Normalized forward_pass(const at::Tensor& x, const at::Tensor& weight, double eps) {
  if (!has_row_kernels(x) || !is_row_kernel_dtype(product_dtype(x)) || weight.scalar_type() != at::kFloat) {
    const auto scale = reciprocal_rms(x.to(at::kFloat), eps);
    return {normalize(x, scale, weight, product_dtype(x)), scale};
  }
  const auto fp32 = x.options().dtype(at::kFloat).requires_grad(false);
  const Normalized result = {at::empty(x.sizes(), fp32.dtype(product_dtype(x))),
                             at::empty({x.numel() / x.size(-1)}, fp32)};
  rms_norm_rows(x, weight, eps, result.y, result.scale);
  return result;
}

struct RmsNorm : torch::autograd::Function<RmsNorm> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            double eps) {
    const auto [y, scale] = forward_pass(x, weight, eps);
    context->save_for_backward({x, weight, scale});
    return y;
  }

  // With r = 1/rms and n = x r:  dx = r (g - n mean(g n)) where g = dy weight;  dweight = sum over rows of dy n.
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list grads) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &scale = saved[2];
    if (scale.dim() == 1) {  // from the row kernels
      const auto dx = at::empty(x.sizes(), x.options().requires_grad(false));
      return {dx, rms_norm_backward_rows(grads[0].contiguous(), x, weight, scale, dx), at::Tensor()};
    }
    const auto dy = grads[0].to(at::kFloat);
    const auto normalized = x.to(at::kFloat).mul(scale);
    auto product = dy.mul(normalized);
    const auto dweight = product.reshape({-1, x.size(-1)}).sum(0);
    const auto weight_fp32 = weight.to(at::kFloat);
    const auto projection = product.mul_(weight_fp32).mean(-1, /*keepdim=*/true);
    const auto dx = dy.mul(weight_fp32).sub_(normalized.mul(projection)).mul_(scale);
    return {dx.to(x.scalar_type()), dweight.to(weight.scalar_type()), at::Tensor()};
  }
};

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  if (at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad()))
    return RmsNorm::apply(x, weight, eps);
  return forward_pass(x, weight, eps).y;
}

}  // namespace ktlm::ops
