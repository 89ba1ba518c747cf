// What the checks compare with: inputs that tell operands apart.
#include "checks.h"

#include <gtest/gtest.h>

#include "ktlm/ops/attention.h"
#include "ktlm/ops/swiglu.h"
#include "reference.h"
#include "tolerance.h"

namespace ktlm::doctor {
namespace {

CheckContext fp32_on_cpu() { return {at::kCPU, at::kFloat, /*quick=*/true}; }

// Of the forward pass of an operation that takes its second and third operand the wrong way round, or not.
Outcome outcome_of_attention(bool swap) {
  auto context = fp32_on_cpu();
  Evidence evidence("attention", at::kFloat);
  const auto draw = [&] { return make_input(context.random({1, 2, 7, 8}), context.device); };
  compare_both_ways(
      context, evidence, {draw(), draw(), draw()},
      [&](const auto& in) { return ops::attention(in[0], in[swap ? 2 : 1], in[swap ? 1 : 2]); },
      [](const auto& in) { return reference::attention(in[0], in[1], in[2]); }, chain_tolerance(at::kFloat));
  return evidence.take_results().at(0).outcome;
}

Outcome outcome_of_swiglu(bool swap) {
  auto context = fp32_on_cpu();
  Evidence evidence("SwiGLU", at::kFloat);
  const auto draw = [&] { return make_input(context.random({7, 8}), context.device); };
  compare_both_ways(
      context, evidence, {draw(), draw()},
      [&](const auto& in) { return ops::swiglu(in[swap ? 1 : 0], in[swap ? 0 : 1]); },
      [](const auto& in) { return reference::swiglu(in[0], in[1]); }, operation_tolerance(at::kFloat));
  return evidence.take_results().at(0).outcome;
}

TEST(Checks, DrawTheSameNumbersInEachRunAndOtherNumbersEachTime) {
  auto context = fp32_on_cpu(), same = context;
  const auto first = context.random({5, 3}), second = context.random({5, 3});
  EXPECT_FALSE(at::equal(first, second));
  EXPECT_TRUE(at::equal(first, same.random({5, 3})));
  EXPECT_TRUE(at::equal(second, same.random({5, 3})));
}

TEST(Checks, FindOperandsThatAreSwapped) {
  EXPECT_EQ(outcome_of_attention(false), Outcome::kRight);
  EXPECT_EQ(outcome_of_attention(true), Outcome::kWrong);
  EXPECT_EQ(outcome_of_swiglu(false), Outcome::kRight);
  EXPECT_EQ(outcome_of_swiglu(true), Outcome::kWrong);
}

}  // namespace
}  // namespace ktlm::doctor
