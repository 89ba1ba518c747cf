// Attention: nothing sees its future, and each query head meets its own key head.
#include <algorithm>
#include <array>
#include <string>

#include "checks.h"
#include "ktlm/ops/attention.h"
#include "reference.h"
#include "tolerance.h"

namespace ktlm::doctor {

namespace {

// Around the 32 that kernels like to work in, and lengths that are no multiple of it (pytorch #169222, #195910); the
// longest reaches into a second chunk of ops::attention on a GPU.
std::vector<int64_t> text_lengths(bool quick) {
  return quick ? std::vector<int64_t>{7, 33, 300} : std::vector<int64_t>{1, 7, 31, 32, 33, 64, 100, 257, 300};
}

// A text of `length` tokens, then the same with another token at `position`: no result before it may change, and what
// is asked of those results may not reach it on the way back.
void check_causality_of(CheckContext& context, Evidence& evidence, int64_t length, int64_t position) {
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

void check_causality(CheckContext& context, Evidence& evidence) {
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
void check_heads(CheckContext& context, Evidence& evidence) {
  const int64_t batch = 2, length = 300, head_dim = 32;
  compare_both_ways(
      context, evidence,
      {make_input(context.random({batch, kHeads, length, head_dim}), context.device),
       make_input(context.random({batch, kKvHeads, length, head_dim}), context.device),
       make_input(context.random({batch, kKvHeads, length, head_dim}), context.device)},
      [](const auto& in) { return ops::attention(in[0], in[1], in[2]); },
      [](const auto& in) { return reference::attention(in[0], in[1], in[2]); }, chain_tolerance(context.dtype));
}

// As a cache holds them: windows of longer buffers.
void check_strided_keys(CheckContext& context, Evidence& evidence) {
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

// Three texts in each row, as dialogues are packed: the reference has one at a time.
void check_texts_in_a_row(CheckContext& context, Evidence& evidence) {
  constexpr int64_t kLength = 70, kBorders[][4] = {{0, 1, 33, kLength}, {0, 40, 64, kLength}};
  auto starts = at::empty({2, kLength}, at::kLong);
  for (int64_t row = 0; row < 2; ++row)
    for (int64_t text = 0; text < 3; ++text)
      starts[row]
          .narrow(0, kBorders[row][text], kBorders[row][text + 1] - kBorders[row][text])
          .fill_(kBorders[row][text]);
  const auto draw = [&](int64_t heads) { return make_input(context.random({2, heads, kLength, 32}), context.device); };
  compare_both_ways(
      context, evidence, {draw(4), draw(2), draw(2)},
      [&](const auto& in) { return ops::attention_within_texts(in[0], in[1], in[2], starts.to(context.device)); },
      [&](const auto& in) {
        std::vector<at::Tensor> rows;
        for (int64_t row = 0; row < 2; ++row) {
          std::vector<at::Tensor> texts;
          for (int64_t text = 0; text < 3; ++text) {
            const int64_t begin = kBorders[row][text], length = kBorders[row][text + 1] - begin;
            const auto of_text = [&](const at::Tensor& x) { return x.narrow(0, row, 1).narrow(2, begin, length); };
            texts.push_back(reference::attention(of_text(in[0]), of_text(in[1]), of_text(in[2])));
          }
          rows.push_back(at::cat(texts, 1));
        }
        return at::cat(rows, 0);
      },
      chain_tolerance(context.dtype));
}

// One query, whose group reads its keys at once, behind texts of several lengths.
void check_decoding(CheckContext& context, Evidence& evidence) {
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

// As configs/small.yaml trains: 4 windows of 1,024 tokens. The reference takes one window after the other, since it
// keeps each head's scores in float64.
void check_training_shape(CheckContext& context, Evidence& evidence) {
  constexpr int64_t kWindows = 4, kHeads = 8, kKvHeads = 2, kTokens = 1024, kHeadDim = 64;
  evidence.begin("forward, backward");
  const auto draw = [&](int64_t heads) { return context.random({kWindows, heads, kTokens, kHeadDim}); };
  const std::array<at::Tensor, 3> values = {draw(kHeads), draw(kKvHeads), draw(kKvHeads)};
  const auto gradient = context.random({kWindows, kTokens, kHeads, kHeadDim});
  std::array<at::Tensor, 3> given;
  for (size_t i = 0; i < 3; ++i) given[i] = values[i].to(context.device).detach().clone().requires_grad_();
  const auto out = ops::attention(given[0], given[1], given[2]);
  out.backward(gradient.to(context.device));

  const double tolerance = chain_tolerance(context.dtype);
  for (int64_t window = 0; window < kWindows; ++window) {
    const auto of_window = [&](const at::Tensor& x) { return x.narrow(0, window, 1); };
    std::array<at::Tensor, 3> exact;
    for (size_t i = 0; i < 3; ++i) exact[i] = of_window(values[i]).to(at::kDouble).requires_grad_();
    const auto expected = reference::attention(exact[0], exact[1], exact[2]);
    evidence.close("the result", of_window(out), expected, tolerance);
    expected.backward(of_window(gradient).to(at::kDouble));
    for (size_t i = 0; i < 3; ++i)
      evidence.close("the gradient of input " + std::to_string(i + 1), of_window(given[i].grad()), exact[i].grad(),
                     tolerance);
  }
}

// Prompts of different lengths in one batch, padded on their left, and the token behind them, in a cache with room
// left.
void check_left_padding(CheckContext& context, Evidence& evidence) {
  constexpr int64_t kRows = 3, kPrompt = 33, kRoom = 64, kHeadDim = 32;
  const at::NoGradGuard no_grad;
  const auto padding = at::tensor({0, 5, 32}, at::kLong);
  const auto keys = context.random({kRows, 2, kRoom, kHeadDim}), values = context.random({kRows, 2, kRoom, kHeadDim});
  const auto compare = [&](const char* aspect, int64_t first, int64_t num_queries) {
    evidence.begin(aspect);
    const auto q = context.random({kRows, 6, num_queries, kHeadDim});
    const auto mask =
        ops::attention_mask(num_queries, first, kRoom, padding.to(context.device), context.device, context.dtype);
    const auto out = ops::attention(q.to(context.device), keys.to(context.device), values.to(context.device), mask);
    evidence.finite("the result", out);
    for (int64_t row = 0; row < kRows; ++row) {
      const int64_t pad = padding[row].item<int64_t>(), begin = std::max(first, pad), end = first + num_queries;
      const auto seen = [&](const at::Tensor& x) {
        return x.narrow(0, row, 1).narrow(2, pad, end - pad).to(at::kDouble);
      };
      evidence.close("row " + std::to_string(row + 1) + " of the batch",
                     out.narrow(0, row, 1).narrow(1, begin - first, end - begin),
                     reference::attention(q.narrow(0, row, 1).narrow(2, begin - first, end - begin).to(at::kDouble),
                                          seen(keys), seen(values)),
                     chain_tolerance(context.dtype));
    }
  };
  compare("prompt", 0, kPrompt);
  compare("next token", kPrompt, 1);
}

}  // namespace

std::vector<Check> attention_checks() {
  return {{"causal attention", check_causality, true},
          {"attention, 6 heads on 2", check_heads<6, 2>, true},
          {"attention, 4 heads on 4", check_heads<4, 4>, false},
          {"attention, 4 heads on 1", check_heads<4, 1>, false},
          {"attention on strided keys", check_strided_keys, true},
          {"attention within texts of a row", check_texts_in_a_row, false},
          {"attention of one query", check_decoding, true},
          {"attention on left-padded rows", check_left_padding, false},
          {"attention, 4 windows of 1,024", check_training_shape, false, false, {at::kFloat, at::kBFloat16}}};
}

}  // namespace ktlm::doctor
