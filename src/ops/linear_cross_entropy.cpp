#include "ktlm/ops/linear_cross_entropy.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "ktlm/ops/autocast.h"
#include "row_kernels.h"

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

// Adds the chunk's loss to `loss` and returns d loss / d logits = (softmax - one hot) * row_weight, (R, V) in the
// product's dtype. Targets and row_weight (R): the weight is 0 where the target is negative.
at::Tensor loss_gradient(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
                         const at::Tensor& row_weight, at::Tensor& loss) {
  auto logits = at::mm(hidden, weight.t());
  if (has_row_kernels(logits)) {
    const auto losses = at::empty_like(row_weight);
    cross_entropy_rows(logits, targets, row_weight, losses);
    loss.add_(at::dot(losses, row_weight));
    return logits;
  }
  const auto index = targets.clamp_min(0).unsqueeze(1);
  auto scores = at::log_softmax(logits.to(at::kFloat), -1);
  loss.sub_(scores.gather(1, index).squeeze(1).mul_(row_weight).sum());
  scores.exp_().mul_(row_weight.unsqueeze(1)).scatter_add_(1, index, row_weight.neg().unsqueeze(1));
  return scores.to(hidden.scalar_type());
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

// dweight (V, C) fp32 += dlogits^T hidden, or = where it is the `first` part. On the CPU in slices that are still in
// the cache when they are added.
void add_weight_gradient(const at::Tensor& dlogits, const at::Tensor& hidden, const at::Tensor& dweight, bool first) {
  constexpr int64_t kSlice = 4096;
  const int64_t vocab_size = dweight.size(0), slice = dweight.is_cpu() ? kSlice : vocab_size;
  for (int64_t begin = 0; begin < vocab_size; begin += slice) {
    const int64_t size = std::min(slice, vocab_size - begin);
    const auto part = at::mm(dlogits.narrow(1, begin, size).t(), hidden);
    const auto to = dweight.narrow(0, begin, size);
    first ? to.copy_(part) : to.add_(part);
  }
}

struct LinearCrossEntropy : torch::autograd::Function<LinearCrossEntropy> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& hidden,
                            const at::Tensor& weight, const at::Tensor& targets, int64_t chunk_rows) {
    const auto operands = cast_operands(hidden, weight, product_dtype(hidden));
    const AutocastGuard no_autocast(hidden.device(), at::kFloat);
    const auto fp32 = hidden.options().dtype(at::kFloat).requires_grad(false);
    const auto valid = targets.ge(0);
    const auto row_weight = valid.to(at::kFloat) / valid.sum().clamp_min(1).to(at::kFloat);  // (N): 1/count or 0
    auto loss = at::zeros({}, fp32);
    const auto dweight = hidden.size(0) > 0 ? at::empty(weight.sizes(), fp32) : at::zeros(weight.sizes(), fp32);
    auto dhidden = at::empty_like(operands.hidden);
    for (int64_t begin = 0; begin < hidden.size(0); begin += chunk_rows) {
      const int64_t rows = std::min(chunk_rows, hidden.size(0) - begin);
      const auto chunk = operands.hidden.narrow(0, begin, rows);
      const auto dlogits = loss_gradient(chunk, operands.weight, targets.narrow(0, begin, rows),
                                         row_weight.narrow(0, begin, rows), loss);
      dhidden.narrow(0, begin, rows).copy_(through_weight(dlogits, operands.weight));
      add_weight_gradient(dlogits, chunk, dweight, begin == 0);
    }
    context->saved_data["gradients"] =
        std::vector<at::Tensor>{dhidden.to(hidden.scalar_type()), dweight.to(weight.scalar_type())};
    return loss;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list grads) {
    const auto saved = context->saved_data.find("gradients");
    TORCH_CHECK(saved != context->saved_data.end(), "linear_cross_entropy: its gradients can be taken once");
    const auto gradients = saved->second.toTensorVector();
    context->saved_data.erase(saved);
    // In place: of a large vocabulary they are a good part of all memory. Reading a GPU's scale would wait for it.
    const auto& scale = grads[0];
    if (!scale.is_cpu() || scale.item<double>() != 1) {
      for (at::Tensor gradient : gradients) gradient.mul_(scale);
    }
    return {gradients[0], gradients[1], at::Tensor(), at::Tensor()};
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
