// Asks long work to stop at its next safe point. The signal handler sets it; the loop decides when to look.
#pragma once

#include <atomic>

namespace ktlm {

class StopFlag {
 public:
  /// Safe to call from a signal handler.
  void request(int signal_number) { signal_number_.store(signal_number, std::memory_order_relaxed); }
  bool requested() const { return signal_number_.load(std::memory_order_relaxed) != 0; }
  /// SIGINT, SIGTERM, or 0 where nothing was requested.
  int signal_number() const { return signal_number_.load(std::memory_order_relaxed); }
  void clear() { signal_number_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<int> signal_number_{0};
};

}  // namespace ktlm
