#include "ktlm/doctor/self_test.h"

#include <ATen/CPUGeneratorImpl.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "checks.h"
#include "ktlm/core/error.h"
#include "ktlm/model/device.h"
#include "ktlm/model/torch_error.h"

namespace ktlm::doctor {

namespace {

std::vector<Check> list_checks() {
  std::vector<Check> checks = attention_checks();
  for (auto& more : {layer_checks(), training_checks()}) checks.insert(checks.end(), more.begin(), more.end());
  return checks;
}

// The kernel, or the dtype on this device, does not exist.
bool is_missing(const c10::Error& error) {
  return dynamic_cast<const c10::NotImplementedError*>(&error) != nullptr ||
         dynamic_cast<const c10::TypeError*>(&error) != nullptr ||
         model::brief_message(error).find("not implemented for") != std::string::npos;
}

// Anything but memory that runs out is what the device says of itself.
std::vector<CheckResult> run_check(const Check& check, CheckContext context, bool may_be_missing) {
  Evidence evidence(check.name, context.dtype);
  try {
    try {
      check.run(context, evidence);
    } catch (const c10::Error& error) {
      if (!is_missing(error)) model::throw_in_our_words(error);
      if (may_be_missing)
        evidence.not_supported(model::brief_message(error));
      else
        evidence.require(false, model::brief_message(error));
    }
  } catch (const model::OutOfMemoryError&) {
    throw;
  } catch (const Error& told) {
    evidence.require(false, told.what());
  }
  return evidence.take_results();
}

struct Step {
  Check check;
  CheckContext context;
};

std::vector<CheckResult> run_steps(const std::vector<Step>& steps, const ProgressCallback& progress) {
  std::vector<CheckResult> results;
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto& [check, context] = steps[i];
    if (progress)
      progress({"checking", static_cast<int64_t>(i), static_cast<int64_t>(steps.size()), "checks",
                std::string(check.name) + ", " + model::dtype_name(context.dtype)});
    const bool may_be_missing = !context.quick && context.dtype != at::kFloat;
    auto found = run_check(check, context, may_be_missing);
    std::move(found.begin(), found.end(), std::back_inserter(results));
  }
  return results;
}

}  // namespace

at::Tensor CheckContext::random(at::IntArrayRef shape) {
  static constexpr uint64_t kSeed = 20;
  auto generator = at::detail::createCPUGenerator(kSeed + num_drawn++);
  return at::randn(shape, generator, at::kFloat).to(dtype);
}

Input make_input(const at::Tensor& value, at::Device device, bool strided) {
  auto on_device = value.to(device, value.scalar_type(), /*non_blocking=*/false, /*copy=*/true);
  if (strided) on_device = on_device.t().contiguous().t();
  return {on_device.detach().requires_grad_(), value.to(at::kDouble).requires_grad_()};
}

std::vector<CheckResult> run_all_checks(at::Device device, const ProgressCallback& progress) {
  std::vector<Step> steps;
  for (const Check& check : list_checks())
    for (const auto dtype : check.dtypes) steps.push_back({check, {device, dtype, /*quick=*/false}});
  return run_steps(steps, progress);
}

std::vector<CheckResult> run_quick_checks(at::Device device, const std::vector<at::ScalarType>& dtypes,
                                          const ProgressCallback& progress) {
  std::vector<Step> steps;
  for (const Check& check : list_checks()) {
    if (!check.quick) continue;
    for (const auto dtype : check.of_weights ? std::vector{at::kFloat} : dtypes)
      steps.push_back({check, {device, dtype, /*quick=*/true}});
  }
  return run_steps(steps, progress);
}

std::string describe(const CheckResult& result) {
  return result.name + ", " + model::dtype_name(result.dtype) + " " + result.aspect +
         (result.detail.empty() ? "" : ": " + result.detail);
}

bool computes_rightly(const std::vector<CheckResult>& results) {
  return std::none_of(results.begin(), results.end(),
                      [](const CheckResult& result) { return result.outcome == Outcome::kWrong; });
}

std::string verdict(at::Device device, const std::vector<CheckResult>& results) {
  size_t num_wrong = 0, num_missing = 0;
  const CheckResult* first = nullptr;
  bool fp32_wrong = false;
  for (const auto& result : results) {
    if (result.outcome == Outcome::kNotSupported) ++num_missing;
    if (result.outcome != Outcome::kWrong) continue;
    if (num_wrong++ == 0) first = &result;
    fp32_wrong = fp32_wrong || result.dtype == at::kFloat;
  }
  const std::string name = model::device_name(device);
  const size_t num_run = results.size() - num_missing;
  const std::string total = " of " + std::to_string(num_run) + " checks";
  if (first == nullptr)
    return name + " computes rightly: " + std::to_string(num_run) + total +
           (num_missing > 0 ? " (" + std::to_string(num_missing) + " more not supported)" : "");
  const char* advice = device.is_cpu() ? "install libtorch anew, or take another machine" : "use --device cpu";
  if (!fp32_wrong) advice = device.is_cpu() ? "use --dtype fp32" : "use --device cpu or --dtype fp32";
  return name + " computes wrongly: " + std::to_string(num_wrong) + total + ", first " + describe(*first) + "; " +
         advice;
}

void require_right_results(at::Device device, const std::vector<at::ScalarType>& dtypes) {
  const auto results = run_quick_checks(device, dtypes, nullptr);
  if (!computes_rightly(results)) throw Error(verdict(device, results) + " (ktlm doctor tells more)");
}

}  // namespace ktlm::doctor
