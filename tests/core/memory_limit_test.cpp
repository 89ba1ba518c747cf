#include "memory_limit.h"

#include <gtest/gtest.h>

#include "control_groups_fixture.h"

namespace ktlm {
namespace {

class MemoryLimitTest : public test::ControlGroupsTest {
 protected:
  MemoryLimit limit() const { return memory_limit(root_.path()); }
};

TEST_F(MemoryLimitTest, OfAContainerIsItsRootGroups) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/memory.max", "4000000000\n");
  write("sys/fs/cgroup/memory.current", "1500000000\n");
  write("sys/fs/cgroup/memory.stat", "anon 900000000\nfile 600000000\ninactive_file 500000000\n");
  EXPECT_EQ(limit().total_bytes, 4'000'000'000);
  EXPECT_EQ(limit().available_bytes, 3'000'000'000) << "what files have left in memory goes where it is in the way";
}

TEST_F(MemoryLimitTest, IsTheLeastOfTheGroupsAroundTheProcess) {
  write("proc/self/cgroup", "0::/work.slice/train.service\n");
  write("sys/fs/cgroup/work.slice/memory.max", "3000\n");
  write("sys/fs/cgroup/work.slice/memory.current", "2500\n");
  write("sys/fs/cgroup/work.slice/train.service/memory.max", "2000\n");
  write("sys/fs/cgroup/work.slice/train.service/memory.current", "1000\n");
  EXPECT_EQ(limit().total_bytes, 2000);
  EXPECT_EQ(limit().available_bytes, 500);
}

TEST_F(MemoryLimitTest, OfVersion1CountsTheGroupsWithin) {
  write("proc/self/cgroup", "4:memory:/docker/0a1b\n1:cpu:/docker/0a1b\n0::/\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000\n");  // the container's own group is the root that it sees
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "2500\n");
  write("sys/fs/cgroup/memory/memory.stat", "inactive_file 10\ntotal_cache 900\ntotal_inactive_file 500\n");
  EXPECT_EQ(limit().total_bytes, 4000);
  EXPECT_EQ(limit().available_bytes, 2000);
}

TEST_F(MemoryLimitTest, WithoutOneIsMoreThanAnyMachineHas) {
  EXPECT_GT(limit().total_bytes, int64_t{1} << 50);
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/memory.max", "max\n");
  write("sys/fs/cgroup/memory.current", "1500000000\n");
  EXPECT_GT(limit().total_bytes, int64_t{1} << 50);
  EXPECT_GT(limit().available_bytes, int64_t{1} << 50);
}

}  // namespace
}  // namespace ktlm
