// The layers between attention and the optimizer, each forward and backward, contiguous and not: views that are not
// contiguous are where Metal's kernels have gone wrong most often (pytorch #118115, #162730, #162779). ktlm hands the
// device none, so they are no ground to refuse it a training and not among the quick checks.
#include <ATen/ops/addcdiv.h>
#include <ATen/ops/addcmul.h>

#include <string>

#include "checks.h"
#include "ktlm/ops/linear_cross_entropy.h"
#include "ktlm/ops/rms_norm.h"
#include "ktlm/ops/rotary.h"
#include "ktlm/ops/swiglu.h"
#include "reference.h"
#include "tolerance.h"

namespace ktlm::doctor {

namespace {

constexpr double kNormEps = 1e-5;

void check_rotary(CheckContext& context, Evidence& evidence) {
  constexpr int64_t kFirst = 37, kTokens = 33, kHeadDim = 64;
  constexpr double kTheta = 10000;
  const auto table = ops::make_rotary_table(kFirst + kTokens, kHeadDim, kTheta, context.device);
  compare_both_ways(
      context, evidence, {make_input(context.random({2, kTokens, 3, kHeadDim}), context.device)},
      [&](const auto& in) { return ops::apply_rotary(in[0], table, kFirst); },
      [&](const auto& in) { return reference::rotary(in[0], kTheta, kFirst); }, operation_tolerance(context.dtype));
}

template <bool kStrided>
void check_rms_norm(CheckContext& context, Evidence& evidence) {
  compare_both_ways(
      context, evidence,
      {make_input(context.random({70, 192}), context.device, kStrided),
       make_input(context.random({192}), context.device)},
      [](const auto& in) { return ops::rms_norm(in[0], in[1], kNormEps); },
      [](const auto& in) { return reference::rms_norm(in[0], in[1], kNormEps); }, operation_tolerance(context.dtype));
}

template <bool kStrided>
void check_swiglu(CheckContext& context, Evidence& evidence) {
  compare_both_ways(
      context, evidence,
      {make_input(context.random({70, 176}), context.device, kStrided),
       make_input(context.random({70, 176}), context.device, kStrided)},
      [](const auto& in) { return ops::swiglu(in[0], in[1]); },
      [](const auto& in) { return reference::swiglu(in[0], in[1]); }, operation_tolerance(context.dtype));
}

template <bool kStrided>
void check_linear(CheckContext& context, Evidence& evidence) {
  compare_both_ways(
      context, evidence,
      {make_input(context.random({70, 96}), context.device, kStrided),
       make_input(context.random({112, 96}), context.device, kStrided)},
      [](const auto& in) { return at::linear(in[0], in[1]); },
      [](const auto& in) { return at::matmul(in[0], in[1].t()); }, operation_tolerance(context.dtype));
}

// Written into a view of columns, so that the result is strided too.
void check_elementwise(CheckContext& context, Evidence& evidence) {
  evidence.begin("forward");
  const at::NoGradGuard no_grad;
  const auto draw = [&](at::IntArrayRef shape) { return make_input(context.random(shape), context.device, true); };
  const Input a = draw({40, 24}), b = draw({40, 24}), c = draw({40, 24});
  const auto divisor = c.on_device.abs().add(1);
  const auto exact_divisor = divisor.to(at::kCPU).to(at::kDouble);
  const auto check = [&](const std::string& what, const auto& write, const at::Tensor& expected) {
    auto board = at::zeros({40, 50}, a.on_device.options().requires_grad(false));
    auto view = board.narrow(1, 1, 48).unflatten(1, {24, 2}).select(2, 1);  // every other column
    view.copy_(a.on_device);
    write(view);
    evidence.close(what, view, expected, operation_tolerance(context.dtype));
    evidence.require(board.sum().isfinite().item<bool>() &&
                         board.narrow(1, 1, 48).unflatten(1, {24, 2}).select(2, 0).count_nonzero().item<int64_t>() == 0,
                     what + " writes beside its view");
  };
  check(
      "copy", [](at::Tensor&) {}, a.in_float64);
  check(
      "addcmul", [&](at::Tensor& view) { view.addcmul_(b.on_device, c.on_device, 0.5); },
      a.in_float64 + 0.5 * b.in_float64 * c.in_float64);
  check(
      "addcdiv", [&](at::Tensor& view) { view.addcdiv_(b.on_device, divisor, 0.5); },
      a.in_float64 + 0.5 * b.in_float64 / exact_divisor);
  check(
      "mul, add", [&](at::Tensor& view) { view.mul_(b.on_device).add_(c.on_device); },
      a.in_float64 * b.in_float64 + c.in_float64);
}

// More words than the 32,768 behind which a kernel has gone wrong, in chunks of rows of which the last is short;
// targets on both sides of the border, the last word, and rows without one.
void check_loss(CheckContext& context, Evidence& evidence) {
  constexpr int64_t kWords = 40000, kBorder = 32000, kRows = 22, kChunkRows = 8, kWidth = 32;
  auto targets = at::arange(kRows, at::kLong).mul_(3001).remainder_(kWords);
  targets[1] = kWords - 1;
  targets[4] = kBorder + 1000;
  targets[9] = -1;
  targets[21] = 0;
  const auto on_device = targets.to(context.device);
  const auto hidden = make_input(context.random({kRows, kWidth}), context.device);
  const auto weight = make_input((context.random({kWords, kWidth}) * 0.2).to(context.dtype), context.device);
  const double num_targets = static_cast<double>(kRows - 1);

  evidence.begin("forward");
  const auto losses = reference::cross_entropy_per_row(hidden.in_float64, weight.in_float64, targets);
  evidence.close("the loss of a row",
                 ops::linear_cross_entropy_per_row(hidden.on_device, weight.on_device, on_device, kChunkRows), losses,
                 loss_tolerance(context.dtype));

  evidence.begin("backward");
  const auto loss = ops::linear_cross_entropy(hidden.on_device, weight.on_device, on_device, kChunkRows);
  const auto expected = losses.sum() / num_targets;
  evidence.close("the mean loss", loss, expected, loss_tolerance(context.dtype));
  loss.backward();
  expected.backward();
  const double tolerance = chain_tolerance(context.dtype);
  evidence.close("the gradient of the states", hidden.on_device.grad(), hidden.in_float64.grad(), tolerance);
  // Words that are nobody's target have gradients a thousand times smaller, which a common scale would hide.
  const auto words = at::ones({kWords}, at::kBool).index_fill_(0, targets.clamp_min(0), false);
  const auto compare_words = [&](const std::string& what, const at::Tensor& chosen) {
    const auto rows = chosen.nonzero().squeeze(1);
    evidence.close(what, weight.on_device.grad().to(at::kCPU).index_select(0, rows),
                   weight.in_float64.grad().index_select(0, rows), tolerance);
  };
  compare_words("the gradient of the targets' words", words.logical_not());
  // In fp16 they lie below its smallest normal number.
  if (context.dtype != at::kHalf) compare_words("the gradient of the other words", words);
}

// As configs/small.yaml trains, with the usual vocabulary: 4,096 rows in the chunks that the operation picks. Every
// seventh row has a target, as in a dialogue; so the reference needs these alone, and all others' gradients are zero.
void check_training_loss(CheckContext& context, Evidence& evidence) {
  constexpr int64_t kRows = 4096, kWidth = 512, kWords = 16000, kEvery = 7;
  evidence.begin("forward");
  const auto rows = at::arange(0, kRows, kEvery, at::kLong);
  const auto words = rows.mul(3001).remainder(kWords);
  const auto targets = at::full({kRows}, -1, at::kLong).index_copy_(0, rows, words);
  const auto hidden = context.random({kRows, kWidth});
  const auto weight = make_input((context.random({kWords, kWidth}) * 0.05).to(context.dtype), context.device);
  const auto given = hidden.to(context.device).detach().clone().requires_grad_();
  const auto exact = hidden.index_select(0, rows).to(at::kDouble).requires_grad_();
  const auto losses = reference::cross_entropy_per_row(exact, weight.in_float64, words);
  const auto on_device = targets.to(context.device);
  const auto per_row = ops::linear_cross_entropy_per_row(given, weight.on_device, on_device).to(at::kCPU);
  evidence.close("the loss of a row", per_row.index_select(0, rows), losses, loss_tolerance(context.dtype));

  evidence.begin("backward");
  ops::linear_cross_entropy(given, weight.on_device, on_device).backward();
  losses.mean().backward();
  const double tolerance = chain_tolerance(context.dtype);
  const auto gradient = given.grad().to(at::kCPU);
  evidence.close("the gradient of the states", gradient.index_select(0, rows), exact.grad(), tolerance);
  const auto others = gradient.index_fill(0, rows, 0);
  evidence.equal("a row without a target has a gradient", others, at::zeros_like(others));
  evidence.close("the gradient of the words", weight.on_device.grad(), weight.in_float64.grad(), tolerance);
}

}  // namespace

std::vector<Check> layer_checks() {
  return {{"rotary embedding", check_rotary, true},
          {"RMSNorm", check_rms_norm<false>, true},
          {"RMSNorm, strided", check_rms_norm<true>, false},
          {"SwiGLU", check_swiglu<false>, true},
          {"SwiGLU, strided", check_swiglu<true>, false},
          {"linear", check_linear<false>, true},
          {"linear, strided", check_linear<true>, false},
          {"copy, addcmul, addcdiv, strided", check_elementwise, false},
          {"loss over 40,000 words", check_loss, true},
          {"loss of 4 windows of 1,024", check_training_loss, false, false, {at::kFloat, at::kBFloat16}}};
}

}  // namespace ktlm::doctor
