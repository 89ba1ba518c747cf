// The recorder sees what it must: a test that counts no sync has to know that one would be counted.
#include "operator_recorder.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "mps_device.h"

namespace ktlm::test {
namespace {

using testing::Contains;
using testing::IsEmpty;

class OperatorRecorder : public MpsTest {
 protected:
  static at::Tensor ones() { return at::ones({2, 3}, at::kMPS); }
};

std::vector<std::string> descriptions(const std::vector<OperatorCall>& calls) {
  std::vector<std::string> result;
  for (const OperatorCall& call : calls) result.push_back(call.description());
  return result;
}

TEST_F(OperatorRecorder, WorkOnTheCpuLeavesNoTrace) {
  EXPECT_THAT(record_operators([] { at::ones({2, 3}).sum().item<float>(); }), IsEmpty());
}

TEST_F(OperatorRecorder, OperandsAreDescribed) {
  const at::Tensor x = ones(), y = at::ones({3, 2}, at::TensorOptions(at::kMPS).dtype(at::kHalf)).t();
  EXPECT_THAT(descriptions(record_operators([&] { at::add(x, y); })),
              Contains("add(Float [2, 3], Half [2, 3] transposed)"));
}

TEST_F(OperatorRecorder, TheBackwardPassIsHeard) {
  const at::Tensor x = ones().requires_grad_();
  const auto calls = record_operators([&] { at::silu(x).sum().backward(); });
  EXPECT_THAT(descriptions(calls), Contains("silu_backward(Float [2, 3] strided, Float [2, 3])"));
}

TEST_F(OperatorRecorder, EveryWayToWaitForTheDeviceIsCounted) {
  const at::Tensor x = ones(), y = ones();
  const auto syncs = [](const std::function<void()>& work) { return host_syncs(record_operators(work)).size(); };
  EXPECT_EQ(syncs([&] { x.sum().item<float>(); }), 1u);
  EXPECT_EQ(syncs([&] { x.to(at::kCPU); }), 1u);
  EXPECT_EQ(syncs([&] { at::empty({2, 3}).copy_(x); }), 1u);
  EXPECT_GE(syncs([&] { at::equal(x, y); }), 1u);
  EXPECT_GE(syncs([&] { at::nonzero(x); }), 1u);
  EXPECT_GE(syncs([&] { at::masked_select(x, x.gt(0)); }), 1u);
  EXPECT_GE(syncs([&] { x.index({x.gt(0)}); }), 1u);
  EXPECT_GE(syncs([&] { at::allclose(x, y); }), 1u);
  EXPECT_EQ(syncs([&] { at::add(x, y).mul_(2).clone(); }), 0u);
}

TEST_F(OperatorRecorder, UploadsAreCountedAndNonBlockingOnesToldApart) {
  const auto calls = record_operators([] { at::ones({4}).to(at::kMPS); });
  EXPECT_THAT(uploads(calls), testing::ElementsAre("copy_(Float [4], CPU Float [4])"));
  EXPECT_THAT(host_syncs(calls), IsEmpty());
  const auto unsafe = record_operators([] { at::ones({4}).to(at::kMPS, at::kFloat, /*non_blocking=*/true); });
  EXPECT_THAT(descriptions(unsafe), Contains("copy_(Float [4], CPU Float [4], non_blocking)"));
}

}  // namespace
}  // namespace ktlm::test
