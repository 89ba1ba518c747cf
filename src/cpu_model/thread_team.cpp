#include "thread_team.h"

#include <chrono>
#include <string>
#include <system_error>

#include "ktlm/core/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ktlm::cpu_model {
namespace {

using Clock = std::chrono::steady_clock;

// Within a run the others are at most a part behind, unless another program has their core: then it shall have this one
// too for a while. Between runs a token is drawn, in some 0.1 ms, or a person thinks.
constexpr std::chrono::microseconds kSpinWithinRun{50}, kSpinBetweenRuns{300};

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");  // longer than `yield`, which does nothing on most cores
#endif
}

/// Whether `over` came true within `time`.
template <class Over>
bool spin(std::chrono::microseconds time, const Over& over) {
  for (int round = 0; round < 64; ++round) {
    if (over()) return true;
    pause();
  }
  const auto end = Clock::now() + time;
  do {
    for (int round = 0; round < 64; ++round) {
      if (over()) return true;
      pause();
    }
  } while (Clock::now() < end);
  return false;
}

}  // namespace

ThreadTeam::ThreadTeam(int64_t num_threads) {
  try {
    for (int64_t thread = 1; thread < num_threads; ++thread)
      threads_.emplace_back([this, thread] { work_along(thread); });
  } catch (const std::system_error& error) {
    end();
    throw Error(std::to_string(num_threads) + " threads can't be started, " + error.code().message() +
                "; choose fewer with --threads");
  }
}

ThreadTeam::~ThreadTeam() { end(); }

void ThreadTeam::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  runs_.fetch_add(1, std::memory_order_release);
  runs_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadTeam::run(Work work) {
  const uint64_t first_step = next_.load(std::memory_order_relaxed) >> kPartBits;
  const auto shared = std::make_shared<const Work>(std::move(work));
  if (!threads_.empty()) {
    {
      const std::lock_guard lock(mutex_);
      work_ = shared;
      first_step_ = first_step;
    }
    runs_.fetch_add(1, std::memory_order_release);
    runs_.notify_all();
  }
  Way way(*this, 0, first_step);
  (*shared)(way);
}

void ThreadTeam::work_along(int64_t thread) {
  uint32_t seen = 0;
  while (true) {
    const auto changed = [&] { return runs_.load(std::memory_order_acquire) != seen; };
    if (!spin(kSpinBetweenRuns, changed)) runs_.wait(seen, std::memory_order_acquire);
    seen = runs_.load(std::memory_order_acquire);
    std::shared_ptr<const Work> work;
    uint64_t first_step;
    {
      const std::lock_guard lock(mutex_);
      if (ended_) return;
      work = work_;
      first_step = first_step_;
    }
    Way way(*this, thread, first_step);
    (*work)(way);
  }
}

void ThreadTeam::wait_for_end_of(uint64_t step) const {
  const auto over = [&] { return next_.load(std::memory_order_acquire) >> kPartBits != step; };
  if (spin(kSpinWithinRun, over)) return;
  while (!over()) std::this_thread::yield();
}

}  // namespace ktlm::cpu_model
