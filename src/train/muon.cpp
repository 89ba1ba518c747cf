#include "ktlm/train/muon.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace ktlm::train {

namespace {

// a X + b (X X^T) X + c (X X^T)^2 X, five times: the polynomials that bring singular values from 0.001 to 1 nearest to
// 1, with a margin for rounding (Polar Express: Amsel, Persson, Musco, Gower 2025, algorithm 1 with l = 1e-3, safety
// 2e-2).
struct Polynomial {
  double a, b, c;
};
constexpr std::array<Polynomial, 5> kPolynomials = {{
    {8.156554524902461, -22.48329292557795, 15.878769915207462},
    {4.042929935166739, -2.808917465908714, 0.5000178451051316},
    {3.8916678022926607, -2.772484153217685, 0.5060648178503393},
    {3.285753657755655, -2.3681294933425376, 0.46449024233003106},
    {2.3465413258596377, -1.7097828382687081, 0.42323551169305323},
}};
constexpr double kMargin = 1.02;

// Of an update's entries, per unit of the learning rate, as AdamW's have (Liu et al. 2025).
constexpr double kRootMeanSquare = 0.2;

}  // namespace

at::Tensor orthogonalize(const at::Tensor& matrices, at::ScalarType dtype) {
  const bool tall = matrices.size(1) > matrices.size(2);
  // Wide, so that the products' inner matrices are small; contiguous, since MPS has misread strided operands.
  const at::Tensor wide = tall ? matrices.transpose(1, 2).contiguous() : matrices;
  const at::Tensor norms = at::linalg_vector_norm(wide, 2, {1, 2}, /*keepdim=*/true);
  at::Tensor x = wide.div(norms.mul(kMargin).add(1e-12)).to(dtype);
  for (const auto& [a, b, c] : kPolynomials) {
    const at::Tensor squares = at::bmm(x, x.transpose(1, 2));
    const at::Tensor inner = at::bmm(squares, squares).mul_(c).add_(squares, b);
    x = at::bmm(inner, x).add_(x, a);
  }
  return tall ? x.transpose(1, 2).contiguous() : x;
}

Muon::Muon(const std::vector<model::NamedParameter>& parameters, const Options& options) : options_(options) {
  std::map<std::vector<int64_t>, Group> by_shape;
  for (const auto& parameter : parameters) {
    Group& group = by_shape[parameter.tensor.sizes().vec()];
    group.names.push_back(parameter.name);
    group.parameters.push_back(parameter.tensor);
  }
  for (auto& [shape, group] : by_shape) {
    group.momentum = at::zeros({static_cast<int64_t>(group.names.size()), shape[0], shape[1]},
                               group.parameters.front().options().requires_grad(false));
    groups_.push_back(std::move(group));
  }
}

void Muon::step(double learning_rate, const at::Tensor& skip, at::ScalarType product_dtype) {
  const at::NoGradGuard no_grad;
  const at::Tensor keep = 1 - skip, skipped = skip.to(at::kBool);
  const at::Tensor decay = 1 - keep * (learning_rate * options_.weight_decay);
  for (Group& group : groups_) {
    std::vector<at::Tensor> gradients;
    for (const auto& parameter : group.parameters) gradients.push_back(parameter.grad());
    const at::Tensor gradient = at::stack(gradients).masked_fill_(skipped, 0);
    group.momentum.lerp_(gradient, keep * (1 - options_.momentum));
    // Nesterov's look ahead: the momentum as it would be behind the same gradient once more.
    const at::Tensor direction = gradient.lerp(group.momentum, options_.momentum);
    const double largest = static_cast<double>(std::max(direction.size(1), direction.size(2)));
    const at::Tensor update = orthogonalize(direction, product_dtype)
                                  .to(at::kFloat)
                                  .mul(keep * (learning_rate * kRootMeanSquare * std::sqrt(largest)));
    for (size_t i = 0; i < group.parameters.size(); ++i)
      at::Tensor(group.parameters[i]).mul_(decay).sub_(update.select(0, static_cast<int64_t>(i)));
  }
}

std::vector<std::pair<std::string, at::Tensor>> Muon::state() const {
  std::vector<std::pair<std::string, at::Tensor>> state;
  for (const Group& group : groups_)
    for (size_t i = 0; i < group.names.size(); ++i)
      state.emplace_back(group.names[i], group.momentum.select(0, static_cast<int64_t>(i)));
  return state;
}

}  // namespace ktlm::train
