// Threads that work through a token's many small steps together. A step is a few microseconds long, so they wait for
// each other by spinning; and a core may be somebody else's for a while, so nobody waits for a thread, only for work:
// parts of a step are claimed one by one, and a step is over when its parts are done. A thread that was away finds the
// steps over that it missed, and passes them by.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ktlm::cpu_model {

class ThreadTeam {
 public:
  /// The calling thread is one of them; at least 1. Throws Error where the system starts no more.
  explicit ThreadTeam(int64_t num_threads);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int64_t num_threads() const { return static_cast<int64_t>(threads_.size()) + 1; }

  /// One thread's way through the steps.
  class Way {
   public:
    /// A step: do_part(0) ... do_part(num_parts - 1), each by whichever thread comes first, then `finish` once, by the
    /// last of them; on return all of it is done. Every thread comes by here with the same num_parts.
    template <class DoPart, class Finish>
    void share(int64_t num_parts, const DoPart& do_part, const Finish& finish) {
      if (num_parts <= 0) return;
      const uint64_t step = step_++;
      while (const auto part = team_.claim(step, num_parts)) {
        do_part(part - 1);
        if (team_.parts_done_.fetch_add(1, std::memory_order_acq_rel) + 1 < num_parts) continue;
        finish();
        team_.open(step + 1);
        return;
      }
      team_.wait_for_end_of(step);
    }
    template <class DoPart>
    void share(int64_t num_parts, const DoPart& do_part) {
      share(num_parts, do_part, [] {});
    }

    int64_t thread() const { return thread_; }  // 0 .. num_threads - 1

   private:
    friend class ThreadTeam;
    Way(ThreadTeam& team, int64_t thread, uint64_t step) : team_(team), thread_(thread), step_(step) {}

    ThreadTeam& team_;
    int64_t thread_;
    uint64_t step_;
  };

  /// What each thread does: the same steps in the same order. A thread may come out of it after run() has returned, so
  /// that outside of its parts `work` may touch only what it holds itself. Must not throw.
  using Work = std::function<void(Way&)>;

  /// Returns when all steps are done.
  void run(Work work);

 private:
  static constexpr int kPartBits = 24;

  /// A part's number plus 1; 0 where none is left, or the step is over.
  int64_t claim(uint64_t step, int64_t num_parts) {
    uint64_t next = next_.load(std::memory_order_acquire);
    while (next >> kPartBits == step && static_cast<int64_t>(next & kPartMask) < num_parts) {
      if (next_.compare_exchange_weak(next, next + 1, std::memory_order_acq_rel))
        return static_cast<int64_t>(next & kPartMask) + 1;
    }
    return 0;
  }
  void open(uint64_t step) {
    parts_done_.store(0, std::memory_order_relaxed);
    next_.store(step << kPartBits, std::memory_order_release);
  }
  void wait_for_end_of(uint64_t step) const;
  void work_along(int64_t thread);
  void end();

  static constexpr uint64_t kPartMask = (uint64_t{1} << kPartBits) - 1;

  // Each on a cache line of its own: one is written as parts are claimed, another as they end, the third once per run.
  alignas(128) std::atomic<uint64_t> next_{0};  // the open step, and its first part that nobody has claimed
  alignas(128) std::atomic<int64_t> parts_done_{0};
  alignas(128) std::atomic<uint32_t> runs_{0};
  std::mutex mutex_;  // of what stands below
  std::shared_ptr<const Work> work_;
  uint64_t first_step_ = 0;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ktlm::cpu_model
