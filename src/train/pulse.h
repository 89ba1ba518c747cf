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
#include <vector>

namespace ktlm::train {

/// Ends the program with these words, for its main thread waits for a process that is gone; does not return.
using LostCallback = std::function<void(const std::string&)>;

struct PulseTiming {
  std::chrono::milliseconds interval{1000};
  std::chrono::milliseconds rank_is_gone{30000};    // that rank 0 has heard nothing of for so long
  std::chrono::milliseconds rank_0_is_gone{45000};  // longer: it may be waiting for another one
  std::chrono::milliseconds grace{5000};            // to end by itself, with an error from its own collective
};

class Pulse {
 public:
  /// `backend` is Gloo's, for this alone; `store`, a connection of its own, takes rank 0's last words. `lost` is called
  /// from the pulse's thread, where the process is still at work when the grace behind the verdict is over.
  Pulse(c10::intrusive_ptr<c10d::Backend> backend, c10::intrusive_ptr<c10d::Store> store, LostCallback lost,
        const PulseTiming& timing = {});
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
  void send(const std::vector<int64_t>& values, int64_t rank);
  std::vector<int64_t> receive(int64_t count, int64_t rank, std::chrono::milliseconds patience);
  Answer ask_all(int64_t own_status);
  Answer ask_rank_0(int64_t own_status);
  Answer read_last_words();
  void end(Status status);
  std::string words(const Answer& answer) const;

  c10::intrusive_ptr<c10d::Backend> backend_;
  c10::intrusive_ptr<c10d::Store> store_;
  LostCallback lost_;
  PulseTiming timing_;

  std::mutex mutex_;
  std::condition_variable changed_;
  Status status_ = kRunning;
  bool over_ = false;    // the thread asks no more
  std::string verdict_;  // of a run that can't go on
  std::thread thread_;
};

}  // namespace ktlm::train
