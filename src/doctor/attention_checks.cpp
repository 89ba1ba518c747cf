// Attention: nothing sees its future, and each query head meets its own key head.
#include <array>
#include <string>

#include "checks.h"
#include "ktlm/ops/attention.h"
#include "reference.h"
#include "tolerance.h"

namespace ktlm::doctor {

namespace {

// Around the 32 that kernels like to work in, and lengths that are no multiple of it (pytorch #169222, #195910).
std::vector<int64_t> text_lengths(bool quick) {
  return quick ? std::vector<int64_t>{7, 33, 100} : std::vector<int64_t>{1, 7, 31, 32, 33, 64, 100, 257};
}

// A text of `length` tokens, then the same with another token at `position`: no result before it may change, and what
// is asked of those results may not reach it on the way back.
void check_causality_of(const CheckContext& context, Evidence& evidence, int64_t length, int64_t position) {
  constexpr int64_t kHeads = 4, kKvHeads = 2, kHeadDim = 32;
  const std::array<Input, 3> text = {make_input(context.random({2, kHeads, length, kHeadDim}), context.device),
                                     make_input(context.random({2, kKvHeads, length, kHeadDim}), context.device),
                                     make_input(context.random({2, kKvHeads, length, kHeadDim}), context.device)};
  std::array<at::Tensor, 3> other;
  for (size_t i = 0; i < 3; ++i) {
    auto changed = text[i].in_float64.detach().clone();
    changed.narrow(2, position, length - position).mul_(-2).add_(1);
    other[i] = changed.to(context.dtype).to(context.device);
  }
  const std::string which = "token " + std::to_string(position + 1) + " of " + std::to_string(length);
  const auto out = ops::attention(text[0].on_device, text[1].on_device, text[2].on_device);  // (B, T, H, D)
  const auto out_of_other = ops::attention(other[0], other[1], other[2]);
  evidence.equal(which + " changes the results before it", out_of_other.narrow(1, 0, position),
                 out.narrow(1, 0, position));

  auto gradient = at::zeros(out.sizes(), at::kDouble);
  gradient.narrow(1, 0, position).fill_(1);
  out.backward(gradient.to(context.dtype).to(context.device));
  for (const Input& input : text) {
    const auto behind = input.on_device.grad().narrow(2, position, length - position);
    evidence.equal(which + " is reached by gradients from before it", behind, at::zeros_like(behind));
  }
}

void check_causality(const CheckContext& context, Evidence& evidence) {
  for (const int64_t length : text_lengths(context.quick)) {
    evidence.begin("length " + std::to_string(length));
    if (length == 1) {  // has no future: the only key is the token's own
      const auto value = context.random({1, 2, 1, 32});
      const auto v = value.to(context.device);
      const auto out = ops::attention(context.random({1, 2, 1, 32}).to(context.device), v, v);
      evidence.close("the result", out.transpose(1, 2), value.to(at::kDouble), chain_tolerance(context.dtype));
      continue;
    }
    check_causality_of(context, evidence, length, length - 1);
    if (length > 2) check_causality_of(context, evidence, length, length / 2);
  }
}

template <int64_t kHeads, int64_t kKvHeads>
void check_heads(const CheckContext& context, Evidence& evidence) {
  const int64_t batch = 2, length = context.quick ? 33 : 100, head_dim = 32;
  compare_both_ways(
      context, evidence,
      {make_input(context.random({batch, kHeads, length, head_dim}), context.device),
       make_input(context.random({batch, kKvHeads, length, head_dim}), context.device),
       make_input(context.random({batch, kKvHeads, length, head_dim}), context.device)},
      [](const auto& in) { return ops::attention(in[0], in[1], in[2]); },
      [](const auto& in) { return reference::attention(in[0], in[1], in[2]); }, chain_tolerance(context.dtype));
}

// As a cache holds them: windows of longer buffers.
void check_strided_keys(const CheckContext& context, Evidence& evidence) {
  const int64_t length = 33, room = 50, head_dim = 32;
  const auto window = [&](const auto& buffer) { return buffer.narrow(2, 0, length); };
  compare_both_ways(
      context, evidence,
      {make_input(context.random({2, 4, length, head_dim}), context.device),
       make_input(context.random({2, 2, room, head_dim}), context.device),
       make_input(context.random({2, 2, room, head_dim}), context.device)},
      [&](const auto& in) { return ops::attention(in[0], window(in[1]), window(in[2])); },
      [&](const auto& in) { return reference::attention(in[0], window(in[1]), window(in[2])); },
      chain_tolerance(context.dtype));
}

// One query, whose group reads its keys at once, behind texts of several lengths.
void check_decoding(const CheckContext& context, Evidence& evidence) {
  evidence.begin("forward");
  const at::NoGradGuard no_grad;
  for (const int64_t length : text_lengths(context.quick)) {
    const auto q = context.random({2, 6, 1, 32}), k = context.random({2, 2, length, 32}),
               v = context.random({2, 2, length, 32});
    const auto got = ops::attention(q.to(context.device), k.to(context.device), v.to(context.device));
    evidence.close("with " + std::to_string(length) + " keys the result", got,
                   reference::attention(q.to(at::kDouble), k.to(at::kDouble), v.to(at::kDouble)),
                   chain_tolerance(context.dtype));
  }
}

}  // namespace

std::vector<Check> attention_checks() {
  return {{"causal attention", check_causality, true},
          {"attention, 6 heads on 2", check_heads<6, 2>, true},
          {"attention, 4 heads on 4", check_heads<4, 4>, false},
          {"attention, 4 heads on 1", check_heads<4, 1>, false},
          {"attention on strided keys", check_strided_keys, true},
          {"attention of one query", check_decoding, true}};
}

}  // namespace ktlm::doctor
