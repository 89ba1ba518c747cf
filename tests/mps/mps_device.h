// What the tests of this folder share: the device, or why they skip; models on it; how far results may be apart.
#pragma once

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdlib>
#include <map>
#include <string>

#include "ktlm/model/language_model.h"

namespace ktlm::test {

/// Skips where there is no MPS device, real or fake; fails where ctest preloads the fake one and it does not come.
class MpsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(at::globalContext().hasMPS() || std::getenv("FAKEMPS_OPS") == nullptr) << "fakemps brought no device";
    if (!at::globalContext().hasMPS())
      GTEST_SKIP() << "no MPS device here: this is no Mac, and fakemps (cmake/fakemps.cmake) is not preloaded";
    at::set_num_threads(1);  // threads that wait for each other cost more than so small a model
  }
};

/// A model of the same weights on MPS.
inline model::LanguageModel on_mps(const model::LanguageModel& model) {
  std::map<std::string, at::Tensor> parameters;
  for (const auto& [name, tensor] : model.parameters()) parameters[name] = tensor.detach().to(at::kMPS);
  return {model.config(), std::move(parameters), "copy"};
}

/// |actual - expected| / |expected|, as Euclidean norms; both may stand on any device.
inline double relative_error(const at::Tensor& actual, const at::Tensor& expected) {
  // On the CPU first: MPS has no float64.
  const at::Tensor a = actual.detach().to(at::kCPU).to(at::kDouble), b = expected.detach().to(at::kCPU).to(at::kDouble);
  return ((a - b).norm() / b.norm()).item<double>();
}

/// The relative error that fp32's rounding explains, summed in another order; and bf16's, which keeps 8 bits.
inline double tolerance_of(at::ScalarType dtype) { return dtype == at::kFloat ? 1e-5 : 2e-2; }

}  // namespace ktlm::test
