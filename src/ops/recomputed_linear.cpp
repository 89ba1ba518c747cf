#include "ktlm/ops/recomputed_linear.h"

#include <torch/csrc/autograd/custom_function.h>

#include "ktlm/ops/autocast.h"
#include "ktlm/ops/rms_norm.h"
#include "ktlm/ops/swiglu.h"
#include "row_kernels.h"

namespace ktlm::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor rows_of(const at::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

// (..., out): x (rows, in) through weight (out, in), with the leading dimensions of `like`.
at::Tensor through(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& like) {
  std::vector<int64_t> shape = like.sizes().vec();
  shape.back() = weight.size(0);
  return at::mm(x, weight.t()).view(shape);
}

// Gradient of the weight, (out, in), from those of the output rows and from the input rows.
at::Tensor weight_gradient(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight) {
  return at::mm(dy.t(), x).to(weight.scalar_type());
}

struct Normalized {
  at::Tensor rows, scale;  // (rows, C) in the products' dtype; 1 / rms, (rows) fp32
};

Normalized normalize(const at::Tensor& x, const at::Tensor& norm, double eps, at::ScalarType dtype) {
  const auto fp32 = x.options().dtype(at::kFloat).requires_grad(false);
  const int64_t num_rows = x.numel() / x.size(-1);
  const Normalized result{at::empty({num_rows, x.size(-1)}, fp32.dtype(dtype)), at::empty({num_rows}, fp32)};
  rms_norm_rows(x, norm, eps, result.rows, result.scale);
  return result;
}

struct RmsNormLinear : torch::autograd::Function<RmsNormLinear> {
  static variable_list forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& norm, double eps,
                               at::TensorList weights) {
    const auto dtype = product_dtype(x);
    const AutocastGuard no_autocast(x.device(), at::kFloat);
    const auto normalized = normalize(x, norm, eps, dtype);
    variable_list saved{x, norm}, outputs;
    for (const auto& weight : weights) {
      saved.push_back(weight);
      outputs.push_back(through(normalized.rows, weight.to(dtype), x));
    }
    context->save_for_backward(std::move(saved));
    context->saved_data["eps"] = eps;
    return outputs;
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &norm = saved[1];
    const auto dtype = grads[0].scalar_type();
    const AutocastGuard no_autocast(x.device(), at::kFloat);
    const auto normalized = normalize(x, norm, context->saved_data["eps"].toDouble(), dtype);
    at::Tensor dnormalized;
    variable_list dweights;
    for (size_t i = 0; i < grads.size(); ++i) {
      const auto& weight = saved[2 + i];
      const auto dy = rows_of(grads[i]), operand = weight.to(dtype);
      dnormalized = dnormalized.defined() ? dnormalized.addmm_(dy, operand) : at::mm(dy, operand);
      dweights.push_back(weight_gradient(dy, normalized.rows, weight));
    }
    const auto dx = at::empty(x.sizes(), x.options().requires_grad(false));
    variable_list result{dx, rms_norm_backward_rows(dnormalized, x, norm, normalized.scale, dx), at::Tensor()};
    result.insert(result.end(), dweights.begin(), dweights.end());
    return result;
  }
};

struct SwigluLinear : torch::autograd::Function<SwigluLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gate, const at::Tensor& up,
                            const at::Tensor& weight) {
    const auto dtype = gate.scalar_type();
    const AutocastGuard no_autocast(gate.device(), at::kFloat);
    context->save_for_backward({gate, up, weight});
    return through(rows_of(swiglu(gate, up)), weight.to(dtype), gate);
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const auto &gate = saved[0], &up = saved[1], &weight = saved[2];
    const AutocastGuard no_autocast(gate.device(), at::kFloat);
    const auto dy = rows_of(grads[0]);
    const auto gated = at::mm(dy, weight.to(dy.scalar_type()));  // at first its gradient
    const auto dgate = at::empty_like(gate), dup = at::empty_like(up);
    swiglu_backward_rows(gated, gate, up, dgate, dup);
    return {dgate, dup, weight_gradient(dy, gated, weight)};
  }
};

}  // namespace

std::vector<at::Tensor> rms_norm_linear(const at::Tensor& x, const at::Tensor& norm, double eps,
                                        at::TensorList weights) {
  const bool has_kernels =
      has_row_kernels(x) && is_row_kernel_dtype(product_dtype(x)) && norm.scalar_type() == at::kFloat;
  if (at::GradMode::is_enabled() && has_kernels) return RmsNormLinear::apply(x, norm, eps, weights);
  const auto normalized = rms_norm(x, norm, eps);
  std::vector<at::Tensor> outputs;
  for (const auto& weight : weights) outputs.push_back(at::linear(normalized, weight));
  return outputs;
}

at::Tensor swiglu_linear(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& weight) {
  const bool has_kernels = has_row_kernels(gate) && has_row_kernels(up) && product_dtype(gate) == gate.scalar_type();
  if (at::GradMode::is_enabled() && has_kernels) return SwigluLinear::apply(gate, up, weight);
  return at::linear(swiglu(gate, up), weight);
}

}  // namespace ktlm::ops
