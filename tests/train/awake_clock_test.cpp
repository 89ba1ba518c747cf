#include "awake_clock.h"

#include <gtest/gtest.h>
#include <time.h>

#include <thread>

namespace ktlm::train {
namespace {

using std::chrono::milliseconds;

TEST(AwakeClock, CountsSeconds) {
  const auto start = AwakeClock::now();
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_GE(seconds_since(start), 0.02);
  EXPECT_LT(seconds_since(start), 20);
}

// Not the date, which people change, nor the time since the machine was started, in which it slept.
TEST(AwakeClock, IsTheSystemsClockThatStandsStillInSleep) {
#ifdef __APPLE__
  constexpr clockid_t kAwake = CLOCK_UPTIME_RAW;
#else
  constexpr clockid_t kAwake = CLOCK_MONOTONIC;
#endif
  const auto reading = [] {
    timespec time{};
    ::clock_gettime(kAwake, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto before = reading();
  const auto now = AwakeClock::now().time_since_epoch();
  EXPECT_LE(before, now);
  EXPECT_LE(now, reading());
}

}  // namespace
}  // namespace ktlm::train
