// What a check writes down while it works: for each aspect (forward, backward, ...) how far the device's numbers lie
// from the expected ones, and in words the first thing that is wrong.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "ktlm/doctor/self_test.h"

namespace ktlm::doctor {

class Evidence {
 public:
  Evidence(std::string name, at::ScalarType dtype) : name_(std::move(name)), dtype_(dtype) {}

  /// What follows belongs to this aspect, right until something says otherwise. What comes before any belongs to one
  /// called "inputs".
  void begin(const std::string& aspect);

  /// Each element of `got` (any device and dtype) lies within `tolerance` of the float64 `expected`: |got - expected|
  /// at most tolerance * (|expected| + root mean square of expected). NaN and infinity never do.
  void close(const std::string& what, const at::Tensor& got, const at::Tensor& expected, double tolerance);
  /// The same bits; `what` says what happened where they are not ("token 5 changes the results before it").
  void equal(const std::string& what, const at::Tensor& got, const at::Tensor& expected);
  /// No element is NaN or infinity, where nothing else is known of them.
  void finite(const std::string& what, const at::Tensor& got);
  void require(bool right, const std::string& otherwise);

  /// Ends the aspect: the device has no such operation.
  void not_supported(const std::string& detail);

  std::vector<CheckResult> take_results() { return std::move(results_); }

 private:
  CheckResult& current();
  void wrong(const std::string& detail);

  std::string name_;
  at::ScalarType dtype_;
  std::vector<CheckResult> results_;
};

}  // namespace ktlm::doctor
