#include "ktlm/ops/checkpointing.h"

#include <gtest/gtest.h>

#include "ktlm/ops/autocast.h"
#include "ops/gradients.h"

namespace ktlm::ops {
namespace {

// x, two matrices -> something nonlinear; counts its calls.
struct Layer {
  at::Tensor first, second;
  int* calls;
  at::Tensor operator()(const at::Tensor& x) const {
    ++*calls;
    return x + at::linear(at::tanh(at::linear(x, first)), second);
  }
};

test::ValueAndGradients run(bool recompute, at::ScalarType dtype, int& calls) {
  at::manual_seed(1);
  const std::vector<at::Tensor> inputs{at::randn({6, 8}), at::randn({16, 8}), at::randn({8, 16})};
  return test::differentiate(
      [&](const auto& in) {
        const AutocastGuard autocast(at::kCPU, dtype);
        const Layer layer{in[1], in[2], &calls};
        const auto once = recompute ? checkpoint(layer, in[0], {in[1], in[2]}) : layer(in[0]);
        return recompute ? checkpoint(layer, once, {in[1], in[2]}) : layer(once);
      },
      inputs);
}

TEST(Checkpoint, GradientsAreThoseOfThePlainCallBitForBit) {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    int plain_calls = 0, calls = 0;
    const auto plain = run(false, dtype, plain_calls);
    const auto got = run(true, dtype, calls);
    EXPECT_EQ(plain_calls, 2);
    EXPECT_EQ(calls, 4);  // each layer once forward, once more backward
    EXPECT_TRUE(at::equal(got.value, plain.value));
    for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(at::equal(got.gradients[i], plain.gradients[i]));
  }
}

TEST(Checkpoint, FrozenParametersGetNoGradient) {
  int calls = 0;
  const auto x = at::randn({2, 4}).requires_grad_(true);
  const Layer layer{at::randn({4, 4}), at::randn({4, 4}).requires_grad_(true), &calls};
  checkpoint(layer, x, {layer.first, layer.second}).sum().backward();
  EXPECT_FALSE(layer.first.grad().defined());
  EXPECT_TRUE(layer.second.grad().defined());
  EXPECT_TRUE(x.grad().defined());
}

TEST(Checkpoint, WithoutGradientRunsOnce) {
  const at::NoGradGuard no_grad;
  int calls = 0;
  const Layer layer{at::randn({4, 4}), at::randn({4, 4}), &calls};
  checkpoint(layer, at::randn({2, 4}), {layer.first, layer.second});
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace ktlm::ops
