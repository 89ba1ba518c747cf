#include "evidence.h"

#include <algorithm>
#include <cstdio>

namespace ktlm::doctor {

namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

// " at [3, 0, 17]", where the flat index `element` of a tensor of this shape lies.
std::string place(int64_t element, at::IntArrayRef shape) {
  std::string text;
  for (size_t i = shape.size(); i-- > 0; element /= shape[i])
    text = std::to_string(element % shape[i]) + (text.empty() ? "" : ", ") + text;
  return shape.empty() ? "" : " at [" + text + "]";
}

}  // namespace

void Evidence::begin(const std::string& aspect) {
  results_.push_back({.name = name_, .aspect = aspect, .dtype = dtype_});
}

void Evidence::close(const std::string& what, const at::Tensor& got, const at::Tensor& expected, double tolerance) {
  CheckResult& result = current();
  result.tolerance = std::max(result.tolerance, tolerance);
  finite(what, got);
  if (result.outcome != Outcome::kRight) return;
  if (got.sizes() != expected.sizes()) return wrong(what + " has another shape than expected");
  const auto numbers = got.detach().to(at::kCPU).to(at::kDouble), right = expected.detach();
  const auto scale = right.abs() + right.square().mean().sqrt();
  // Where all that is expected is zero, any deviation counts in full.
  const auto deviation = ((numbers - right).abs() / scale.clamp_min(1e-30)).flatten();
  const auto worst = deviation.argmax();
  const double error = deviation[worst].item<double>();
  result.error = std::max(result.error, error);
  if (error <= tolerance) return;
  const auto index = worst.item<int64_t>();
  wrong(what + place(index, got.sizes()) + " is " + number(numbers.flatten()[index].item<double>()) + ", expected " +
        number(right.flatten()[index].item<double>()) + " (off by " + number(error) + ", allowed " + number(tolerance) +
        ")");
}

void Evidence::equal(const std::string& what, const at::Tensor& got, const at::Tensor& expected) {
  finite(what, got);
  if (current().outcome != Outcome::kRight) return;
  const auto a = got.detach().to(at::kCPU), b = expected.detach().to(at::kCPU);
  if (!at::equal(a, b))
    wrong(what + ", by " + number((a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>()) +
          "; expected not at all");
}

void Evidence::finite(const std::string& what, const at::Tensor& got) {
  const auto bad = at::isfinite(got.detach().to(at::kCPU)).logical_not();
  const auto count = bad.sum().item<int64_t>();
  if (count == 0) return;
  wrong(what + " holds NaN or infinity in " + std::to_string(count) + " of " + std::to_string(bad.numel()) +
        " places, first" + place(bad.flatten().to(at::kByte).argmax().item<int64_t>(), got.sizes()));
}

void Evidence::require(bool right, const std::string& otherwise) {
  if (!right) wrong(otherwise);
}

void Evidence::not_supported(const std::string& detail) {
  current().outcome = Outcome::kNotSupported;
  current().detail = detail;
}

// A device may fail a check where its inputs are made, before any aspect is open.
CheckResult& Evidence::current() {
  if (results_.empty()) begin("inputs");
  return results_.back();
}

void Evidence::wrong(const std::string& detail) {
  CheckResult& result = current();
  if (result.outcome == Outcome::kWrong) return;  // the first fault is told
  result.outcome = Outcome::kWrong;
  result.detail = detail;
}

}  // namespace ktlm::doctor
