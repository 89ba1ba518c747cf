// The definitions that a device is judged by, against values worked out by hand.
#include "reference.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ktlm::doctor {
namespace {

const auto kExact = at::TensorOptions().dtype(at::kDouble);

void expect_near(const at::Tensor& got, const std::vector<double>& expected) {
  const auto wanted = at::tensor(expected, kExact).view(got.sizes());
  EXPECT_TRUE(at::allclose(got.detach(), wanted, 1e-12, 1e-12)) << got << "\nexpected\n" << wanted;
}

// Head 0 and 1 of 4 read key head 0, heads 2 and 3 key head 1; the first query sees the first two of three keys.
TEST(Reference, AttentionMapsHeadsInGroupsAndSeesNoFuture) {
  const auto q = at::zeros({1, 4, 2, 1}, kExact);  // equal scores: each output is the mean of what is seen
  const auto keys = at::ones({1, 2, 3, 1}, kExact);
  const auto values = at::tensor({1.0, 3.0, 8.0, 10.0, 30.0, 80.0}, kExact).view({1, 2, 3, 1});
  expect_near(reference::attention(q, keys, values).squeeze(), {2, 2, 20, 20, 4, 4, 40, 40});  // (T, H)
}

TEST(Reference, AttentionWeighsByTheScaledProduct) {
  const auto q = at::full({1, 1, 1, 4}, 0.5, kExact);
  const auto keys = at::stack({at::zeros({4}, kExact), at::full({4}, std::log(3.0), kExact)}).view({1, 1, 2, 4});
  const auto values = at::tensor({0.0, 1.0}, kExact).view({1, 1, 2, 1}).expand({1, 1, 2, 4});
  // scores 0 and 4 * 0.5 * log 3 / sqrt(4) = log 3: probabilities 1/4 and 3/4
  expect_near(reference::attention(q, keys, values), {0.75, 0.75, 0.75, 0.75});
}

TEST(Reference, RotaryTurnsPairsHalfAHeadApart) {
  const auto x = at::tensor({1.0, 0.0, 0.0, 2.0}, kExact).view({1, 1, 1, 4});  // pairs (1, 0) and (0, 2)
  const double slow = 3 * std::pow(10000.0, -0.5);
  expect_near(reference::rotary(x, 10000, 3), {std::cos(3.0), -2 * std::sin(slow), std::sin(3.0), 2 * std::cos(slow)});
}

TEST(Reference, RmsNormSwigluAndLossFollowTheirDefinitions) {
  const auto x = at::tensor({3.0, 4.0}, kExact), weight = at::tensor({1.0, 2.0}, kExact);
  const double rms = std::sqrt(12.5 + 1);
  expect_near(reference::rms_norm(x, weight, 1), {3 / rms, 8 / rms});
  expect_near(reference::swiglu(at::tensor({std::log(3.0)}, kExact), at::tensor({4.0}, kExact)), {3 * std::log(3.0)});

  const auto hidden = at::ones({2, 1}, kExact);
  const auto words = at::tensor({0.0, 0.0, std::log(2.0)}, kExact).view({3, 1});  // probabilities 1/4, 1/4, 1/2
  expect_near(reference::cross_entropy_per_row(hidden, words, at::tensor({2, -1}, at::kLong)), {std::log(2.0), 0});
}

// With a constant gradient the bias-corrected moments are the gradient and its square, so each step is one learning
// rate long, behind the decay.
TEST(Reference, AdamwTakesStepsOfOneLearningRate) {
  const auto start = at::tensor({1.0, -2.0}, kExact), gradient = at::tensor({0.3, -7.0}, kExact);
  const double decay = 1 - 0.1 * 0.5;
  expect_near(reference::adamw(start, gradient, 2, 0.1, 0.9, 0.95, 0, 0.5),
              {(1 * decay - 0.1) * decay - 0.1, (-2 * decay + 0.1) * decay + 0.1});
}

}  // namespace
}  // namespace ktlm::doctor
