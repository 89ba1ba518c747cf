#include "ktlm/ops/linear_cross_entropy.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "ktlm/ops/autocast.h"

namespace ktlm::ops {
namespace {

int64_t pick_chunk_rows(int64_t chunk_rows, int64_t vocab_size) {
  return chunk_rows > 0 ? chunk_rows : std::max<int64_t>(1, kMaxLogitsInFlight / vocab_size);
}

// The operands in the product's dtype, and autocast out of the way.
struct Operands {
  at::Tensor hidden, weight;
};

Operands cast_operands(const at::Tensor& hidden, const at::Tensor& weight, at::ScalarType dtype) {
  return {hidden.detach().to(dtype), weight.detach().to(dtype)};
}

// Log probabilities of one chunk of rows, (R, V) fp32.
at::Tensor chunk_log_probabilities(const at::Tensor& hidden, const at::Tensor& weight) {
  return at::log_softmax(at::mm(hidden, weight.t()).to(at::kFloat), -1);
}

// dlogits (R, V) x weight (V, C) -> (R, C). On M1 and M2 a product of MPS that sums over 32,767 values or more is wrong
// (pytorch #195163), so a large vocabulary is taken in slices there.
at::Tensor through_weight(const at::Tensor& dlogits, const at::Tensor& weight) {
  constexpr int64_t kSlice = 16384;
  const int64_t vocab_size = weight.size(0);
  if (!weight.is_mps() || vocab_size <= kSlice) return at::mm(dlogits, weight);
  auto sum = at::zeros({dlogits.size(0), weight.size(1)}, weight.options().dtype(at::kFloat).requires_grad(false));
  for (int64_t begin = 0; begin < vocab_size; begin += kSlice) {
    const int64_t size = std::min(kSlice, vocab_size - begin);
    sum.add_(at::mm(dlogits.narrow(1, begin, size).contiguous(), weight.narrow(0, begin, size)));
  }
  return sum;
}

struct LinearCrossEntropy : torch::autograd::Function<LinearCrossEntropy> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& hidden,
                            const at::Tensor& weight, const at::Tensor& targets, int64_t chunk_rows) {
    const auto operands = cast_operands(hidden, weight, product_dtype(hidden));
    const AutocastGuard no_autocast(hidden.device(), at::kFloat);
    const auto fp32 = hidden.options().dtype(at::kFloat).requires_grad(false);
    const auto valid = targets.ge(0);
    const auto row_weight = valid.to(at::kFloat) / valid.sum().clamp_min(1).to(at::kFloat);  // (N): 1/count or 0
    const auto index = targets.clamp_min(0).unsqueeze(1);                                    // (N, 1)
    auto loss = at::zeros({}, fp32);
    auto dweight = at::zeros(weight.sizes(), fp32);
    auto dhidden = at::empty_like(operands.hidden);
    for (int64_t begin = 0; begin < hidden.size(0); begin += chunk_rows) {
      const int64_t rows = std::min(chunk_rows, hidden.size(0) - begin);
      const auto chunk = operands.hidden.narrow(0, begin, rows);
      const auto chunk_weight = row_weight.narrow(0, begin, rows).unsqueeze(1);  // (R, 1)
      const auto chunk_index = index.narrow(0, begin, rows);
      auto scores = chunk_log_probabilities(chunk, operands.weight);  // (R, V)
      loss.sub_(scores.gather(1, chunk_index).mul_(chunk_weight).sum());
      // d loss / d logits = (softmax - one hot) / count
      scores.exp_().mul_(chunk_weight).scatter_add_(1, chunk_index, chunk_weight.neg());
      const auto dlogits = scores.to(chunk.scalar_type());
      dhidden.narrow(0, begin, rows).copy_(through_weight(dlogits, operands.weight));
      dweight.add_(at::mm(dlogits.t(), chunk));
    }
    context->save_for_backward({dhidden.to(hidden.scalar_type()), dweight.to(weight.scalar_type())});
    return loss;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list grads) {
    const auto saved = context->get_saved_variables();
    const auto scale = grads[0];
    return {saved[0].mul(scale), saved[1].mul(scale), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor linear_cross_entropy(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
                                int64_t chunk_rows) {
  chunk_rows = pick_chunk_rows(chunk_rows, weight.size(0));
  if (at::GradMode::is_enabled() && (hidden.requires_grad() || weight.requires_grad())) {
    return LinearCrossEntropy::apply(hidden, weight, targets, chunk_rows);
  }
  const auto losses = linear_cross_entropy_per_row(hidden, weight, targets, chunk_rows);
  return losses.sum() / targets.ge(0).sum().clamp_min(1);
}

at::Tensor linear_cross_entropy_per_row(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
                                        int64_t chunk_rows) {
  const at::NoGradGuard no_grad;
  chunk_rows = pick_chunk_rows(chunk_rows, weight.size(0));
  const auto operands = cast_operands(hidden, weight, product_dtype(hidden));
  const AutocastGuard no_autocast(hidden.device(), at::kFloat);
  const auto index = targets.clamp_min(0).unsqueeze(1);  // (N, 1)
  auto losses = at::empty({hidden.size(0)}, hidden.options().dtype(at::kFloat));
  for (int64_t begin = 0; begin < hidden.size(0); begin += chunk_rows) {
    const int64_t rows = std::min(chunk_rows, hidden.size(0) - begin);
    const auto scores = chunk_log_probabilities(operands.hidden.narrow(0, begin, rows), operands.weight);
    losses.narrow(0, begin, rows).copy_(scores.gather(1, index.narrow(0, begin, rows)).squeeze(1).neg());
  }
  return losses.masked_fill_(targets.lt(0), 0.0);
}

}  // namespace ktlm::ops
