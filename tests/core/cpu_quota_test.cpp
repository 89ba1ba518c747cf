#include "cpu_quota.h"

#include <gtest/gtest.h>

#include "control_groups_fixture.h"

namespace ktlm {
namespace {

class CpuQuota : public test::ControlGroupsTest {
 protected:
  int64_t cores() const { return cores_of_cpu_quota(root_.path()); }
};

TEST_F(CpuQuota, OfAContainerIsItsRootGroups) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(cores(), 2);
  write("sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(cores(), 0);
}

TEST_F(CpuQuota, OfPartOfACoreIsRoundedUp) {
  write("proc/self/cgroup", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(cores(), 2);
  write("sys/fs/cgroup/cpu.max", "5000 100000\n");
  EXPECT_EQ(cores(), 1);
}

TEST_F(CpuQuota, IsTheLeastOfTheGroupsAroundTheProcess) {
  write("proc/self/cgroup", "0::/work.slice/train.service\n");
  write("sys/fs/cgroup/work.slice/cpu.max", "300000 100000\n");
  write("sys/fs/cgroup/work.slice/train.service/cpu.max", "max 100000\n");
  EXPECT_EQ(cores(), 3);
  write("sys/fs/cgroup/work.slice/train.service/cpu.max", "1600000 100000\n");
  EXPECT_EQ(cores(), 3);
  write("sys/fs/cgroup/work.slice/train.service/cpu.max", "50000 50000\n");
  EXPECT_EQ(cores(), 1);
}

TEST_F(CpuQuota, OfVersion1IsInTwoFiles) {
  write("proc/self/cgroup", "12:memory:/docker/0a1b\n4:cpuset:/docker/0a1b\n3:cpu,cpuacct:/docker/0a1b\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");  // the container's own group is the root that it sees
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cores(), 4);
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(cores(), 0);
}

TEST_F(CpuQuota, IsNoneWhereNothingTellsOfOne) {
  EXPECT_EQ(cores(), 0);
  write("proc/self/cgroup", "0::/\nnonsense\n");
  EXPECT_EQ(cores(), 0);
  write("sys/fs/cgroup/cpu.max", "nonsense\n");
  EXPECT_EQ(cores(), 0);
}

}  // namespace
}  // namespace ktlm
