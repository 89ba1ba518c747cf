// Tells the processes of a run when one of them is gone. Collectives tell it only of a process whose connections broke,
// and only to who waits in one; a process that hangs, or whose machine lost its power, would be waited for without an
// end. So a thread of each process says once a second to rank 0 that it lives, and rank 0 answers with what it heard.
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace ktlm::train {

/// Ends the program with these words, for its main thread waits for a process that is gone; does not return.
using LostCallback = std::function<void(const std::string&)>;

class Pulse {
 public:
  /// `backend` is Gloo's, for this alone; `store` takes rank 0's last words. `lost` is called from the pulse's thread,
  /// some seconds behind the verdict, where the process is still at work then.
  Pulse(c10::intrusive_ptr<c10d::Backend> backend, c10::intrusive_ptr<c10d::Store> store, LostCallback lost);
  /// Unless leave() was called, the others are told that this process ended with an error.
  ~Pulse();
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  /// What became of the run, such as "rank 1 of 2 is gone (...)"; empty where nothing is known within `patience`.
  std::string verdict(std::chrono::milliseconds patience);

  /// Waits until all processes leave. Throws Error with the verdict where one is gone instead.
  void leave();

 private:
  enum Status : int64_t { kRunning, kLeaving, kFailed };
  enum Event : int64_t { kGoOn, kAllLeave, kRankFailed, kRankGone };
  struct Answer {
    int64_t event = kGoOn, rank = 0;
  };

  void run();
  Answer ask_all(int64_t own_status);
  Answer ask_rank_0(int64_t own_status);
  Answer read_last_words();
  void end(Status status);
  std::string words(const Answer& answer) const;

  c10::intrusive_ptr<c10d::Backend> backend_;
  c10::intrusive_ptr<c10d::Store> store_;
  LostCallback lost_;

  std::mutex mutex_;
  std::condition_variable changed_;
  Status status_ = kRunning;
  bool over_ = false;    // the thread asks no more
  std::string verdict_;  // of a run that can't go on
  std::thread thread_;
};

}  // namespace ktlm::train
