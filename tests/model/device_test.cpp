#include "ktlm/model/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "error_message.h"

namespace ktlm::model {
namespace {

using test::error_message;

TEST(Device, AutoTakesAnAcceleratorWhereThereIsOne) {
  EXPECT_EQ(select_device("cpu"), at::Device(at::kCPU));
  const bool accelerator = at::globalContext().hasCUDA() || at::globalContext().hasMPS();
  EXPECT_EQ(select_device("auto").is_cpu(), !accelerator);
}

TEST(Device, NamesWhatIsHere) {
  EXPECT_EQ(error_message([] { select_device("gpu"); }), "device \"gpu\" is unknown; choose auto, cpu, cuda or mps");
  if (at::globalContext().hasCUDA() || at::globalContext().hasMPS()) GTEST_SKIP() << "this machine has an accelerator";
  EXPECT_EQ(error_message([] { select_device("cuda"); }),
            "device \"cuda\" is not available here; this machine has cpu");
  EXPECT_EQ(error_message([] { select_device("mps"); }), "device \"mps\" is not available here; this machine has cpu");
}

TEST(Dtype, NamesReadBack) {
  for (const char* name : {"fp32", "bf16", "fp16"}) EXPECT_EQ(dtype_name(parse_dtype(name)), name);
  EXPECT_EQ(error_message([] { parse_dtype("fp8"); }), "dtype \"fp8\" is unknown; choose fp32, bf16 or fp16");
}

TEST(Device, ThreadsAreThoseAskedFor) {
  const int before = at::get_num_threads();
  set_up_compute(1);
  EXPECT_EQ(at::get_num_threads(), 1);
  set_up_compute(0);
  EXPECT_EQ(at::get_num_threads(), 1);  // 0 leaves the number as it is
  EXPECT_EQ(error_message([] { set_up_compute(100'000); }),
            "threads is 100000, expected at most 1024; choose fewer with --threads");
  at::set_num_threads(before);
}

TEST(Device, WaitingForTheCpuDoesNothing) {
  EXPECT_NO_THROW(synchronize(at::kCPU));
  EXPECT_NO_THROW(release_cached_memory(at::kCPU));
}

}  // namespace
}  // namespace ktlm::model
