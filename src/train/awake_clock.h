// Time that the machine was awake. A laptop that sleeps in the midst of a run does not train: that time shall count in
// no speed and no time left. Linux' steady clock stands still meanwhile; macOS' goes on.
#pragma once

#include <chrono>
#ifdef __APPLE__
#include <time.h>
#endif

namespace ktlm::train {

struct AwakeClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<AwakeClock>;
  static constexpr bool is_steady = true;

  static time_point now() {
#ifdef __APPLE__
    return time_point(duration(static_cast<rep>(::clock_gettime_nsec_np(CLOCK_UPTIME_RAW))));
#else
    return time_point(std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch()));
#endif
  }
};

inline double seconds_since(AwakeClock::time_point start) {
  return std::chrono::duration<double>(AwakeClock::now() - start).count();
}

}  // namespace ktlm::train
