// What counts as wrong, and in which words.
#include "evidence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace ktlm::doctor {
namespace {

CheckResult judge(const std::function<void(Evidence&)>& check) {
  Evidence evidence("rotary embedding", at::kBFloat16);
  evidence.begin("forward");
  check(evidence);
  return evidence.take_results().at(0);
}

TEST(Evidence, MeasuresADeviationAgainstTheExpectedAndItsRootMeanSquare) {
  const auto expected = at::tensor({3.0, -3.0, 3.0, 3.0}, at::kDouble);  // root mean square 3
  auto got = expected.to(at::kFloat);
  got[1] = -3.6;
  const auto right = judge([&](Evidence& evidence) { evidence.close("the result", got, expected, 0.11); });
  EXPECT_EQ(right.outcome, Outcome::kRight);
  EXPECT_NEAR(right.error, 0.1, 1e-6);
  const auto wrong = judge([&](Evidence& evidence) { evidence.close("the result", got, expected, 0.09); });
  EXPECT_EQ(wrong.outcome, Outcome::kWrong);
  EXPECT_EQ(describe(wrong),
            "rotary embedding, bf16 forward: the result at [1] is -3.6, expected -3 (off by 0.1, allowed 0.09)");
}

TEST(Evidence, NoToleranceLetsNanOrInfinityPass) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    auto got = at::zeros({2, 2});
    got[1][0] = bad;
    const auto result = judge([&](Evidence& evidence) { evidence.close("the result", got, at::zeros({2, 2}), 1e9); });
    EXPECT_EQ(result.detail, "the result holds NaN or infinity in 1 of 4 places, first at [1, 0]");
  }
}

TEST(Evidence, EqualAllowsNoBitToChange) {
  const auto before = at::ones({3});
  auto after = before.clone();
  EXPECT_EQ(judge([&](Evidence& evidence) { evidence.equal("it moves", after, before); }).outcome, Outcome::kRight);
  after[2] = 1 + 0x1p-23;
  EXPECT_EQ(judge([&](Evidence& evidence) { evidence.equal("it moves", after, before); }).detail,
            "it moves, by 1.192e-07; expected not at all");
}

TEST(Evidence, TheFirstFaultIsTold) {
  const auto result = judge([](Evidence& evidence) {
    evidence.require(true, "nothing");
    evidence.require(false, "the first");
    evidence.require(false, "the second");
  });
  EXPECT_EQ(result.detail, "the first");
}

TEST(Evidence, WhatComesBeforeAnyAspectIsOfTheInputs) {
  Evidence wrong("rotary embedding", at::kBFloat16), missing = wrong;
  wrong.require(false, "aten::empty has no kernel on mps");
  missing.not_supported("aten::empty has no kernel on mps");
  EXPECT_EQ(describe(wrong.take_results().at(0)), "rotary embedding, bf16 inputs: aten::empty has no kernel on mps");
  EXPECT_EQ(missing.take_results().at(0).outcome, Outcome::kNotSupported);
}

CheckResult wrong_in(at::ScalarType dtype) {
  return {.name = "linear", .aspect = "forward", .dtype = dtype, .outcome = Outcome::kWrong, .detail = "it is off"};
}

TEST(Verdict, SaysWhatToDoInstead) {
  const std::vector<CheckResult> right(3);
  EXPECT_EQ(verdict(at::kCPU, right), "cpu computes rightly: 3 of 3 checks");
  auto missing = right;
  missing.push_back({.outcome = Outcome::kNotSupported});
  EXPECT_EQ(verdict(at::kMPS, missing), "mps computes rightly: 3 of 3 checks (1 more not supported)");
  EXPECT_TRUE(computes_rightly(missing));

  auto bf16_wrong = missing;
  bf16_wrong.push_back(wrong_in(at::kBFloat16));
  EXPECT_FALSE(computes_rightly(bf16_wrong));
  EXPECT_EQ(verdict(at::kMPS, bf16_wrong),
            "mps computes wrongly: 1 of 4 checks, first linear, bf16 forward: it is off; use --device cpu or --dtype "
            "fp32");
  auto all_wrong = bf16_wrong;
  all_wrong.push_back(wrong_in(at::kFloat));
  EXPECT_EQ(verdict(at::kCUDA, all_wrong),
            "cuda computes wrongly: 2 of 5 checks, first linear, bf16 forward: it is off; use --device cpu");
  EXPECT_EQ(
      verdict(at::kCPU, all_wrong),
      "cpu computes wrongly: 2 of 5 checks, first linear, bf16 forward: it is off; install libtorch anew, or take "
      "another machine");
}

}  // namespace
}  // namespace ktlm::doctor
