#include "thread_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace ktlm::cpu_model {
namespace {

TEST(ThreadTeam, EveryPartIsDoneOnceAndStepsKeepTheirOrder) {
  ThreadTeam team(3);
  constexpr int64_t kParts = 7, kSteps = 50, kRuns = 200;
  std::vector<int64_t> counts(kParts);
  int64_t finished = 0, out_of_order = 0;
  for (int64_t run = 0; run < kRuns; ++run) {
    team.run([&](ThreadTeam::Way& way) {
      for (int64_t step = 0; step < kSteps; ++step)
        way.share(
            kParts,
            [&, step](int64_t part) {
              if (finished % kSteps != step) ++out_of_order;  // read by all, written between the steps
              ++counts[static_cast<size_t>(part)];
            },
            [&] { ++finished; });
    });
    ASSERT_EQ(finished, (run + 1) * kSteps);
  }
  EXPECT_EQ(counts, std::vector<int64_t>(kParts, kRuns * kSteps));
  EXPECT_EQ(out_of_order, 0);
}

TEST(ThreadTeam, AThreadThatIsAwayHoldsNobodyUp) {
  std::atomic<bool> back{false}, away{false};
  int64_t done = 0;
  ThreadTeam team(2);  // ends before what its threads look at
  team.run([&](ThreadTeam::Way& way) {
    if (way.thread() == 1) {
      away = true;
      away.notify_all();
      while (!back) std::this_thread::yield();
      return;
    }
    away.wait(false);
    for (int step = 0; step < 100; ++step) way.share(4, [&](int64_t) { ++done; });
  });
  EXPECT_EQ(done, 400);
  back = true;
}

TEST(ThreadTeam, AStepWithoutPartsIsNone) {
  ThreadTeam team(2);
  int64_t done = 0;
  team.run([&](ThreadTeam::Way& way) {
    way.share(
        0, [&](int64_t) { ++done; }, [&] { ++done; });
    way.share(1, [&](int64_t) { ++done; });
  });
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace ktlm::cpu_model
