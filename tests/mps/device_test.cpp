// What this lane stands on: the device itself refuses what a Mac's refuses. So float64 on the device, and an operator
// that MPS lacks, fail every other test here without being looked for.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "mps_device.h"

namespace ktlm {
namespace {

using testing::HasSubstr;

class MpsDevice : public test::MpsTest {};

template <class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "(nothing thrown)";
}

TEST_F(MpsDevice, RefusesFloat64) {
  EXPECT_THAT(message_of([] { at::zeros({2}, at::TensorOptions(at::kMPS).dtype(at::kDouble)); }), HasSubstr("float64"));
  EXPECT_THAT(message_of([] { at::zeros({2}, at::kDouble).to(at::kMPS); }), HasSubstr("float64"));
}

TEST_F(MpsDevice, RefusesAnOperatorThatMpsLacks) {
  const at::Tensor x = at::ones({2, 2}, at::kMPS);
  EXPECT_THAT(message_of([&] { at::linalg_eigvalsh(x); }), HasSubstr("MPS"));
}

TEST_F(MpsDevice, RefusesOperandsOfTwoDevices) {
  const at::Tensor x = at::ones({2, 2});
  EXPECT_THAT(message_of([&] { at::add(x.to(at::kMPS), x); }), HasSubstr("same device"));
}

}  // namespace
}  // namespace ktlm
