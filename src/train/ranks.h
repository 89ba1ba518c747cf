// The processes that train one model together, each on its part of every step's windows, as one of them sees the
// others. Rank 0 alone reads and writes the run directory, and judges the run by validations. Of one process all of it
// is trivial, so that the trainer has one course.
//
// Two groups of connections: Gloo on the CPU, for decisions, which thus never wait for a device; and one for what the
// device holds, Gloo or NCCL. All collectives are called by all processes in the same order. They wait as long as it
// takes, such as for rank 0 to save or to validate; a process that is gone is told by the pulse (pulse.h).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ktlm/core/stop_flag.h"
#include "ktlm/train/launch.h"
#include "pulse.h"

namespace c10d {
class ProcessGroup;
}

namespace ktlm::train {

class Ranks {
 public:
  /// Meets the others, for up to five minutes; rank 0 tells `note`, which may be empty, whom it waits for where that
  /// takes long. Throws Error where they do not come, or `stop` is requested.
  Ranks(const Launch& launch, const LostCallback& lost, const std::function<void(const std::string&)>& note,
        const StopFlag& stop);
  /// Unless leave() was called, the others are told that this process ended with an error.
  ~Ranks();
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int64_t rank() const { return launch_.rank; }
  int64_t size() const { return launch_.world_size; }
  bool is_alone() const { return size() == 1; }
  bool is_writer() const { return rank() == 0; }

  /// "cuda": the GPU of this process's own; "auto" never takes MPS, which Gloo can't reach. All call it. Throws
  /// ConfigError.
  at::Device select_device(const std::string& name) const;
  /// Before the first exchange of what the device holds. Throws Error.
  void connect(at::Device device);
  /// Waits until all are at the end. Throws Error where one is gone instead.
  void leave();

  // Of the CPU: decisions. Each gives the same everywhere.
  bool any(bool value) const { return max(value ? 1 : 0) > 0; }
  int64_t max(int64_t value) const;
  int64_t min(int64_t value) const { return -max(-value); }
  void add_up(std::vector<double>& values) const;
  /// What rank 0 says; what others give is ignored.
  std::string text_of_writer(const std::string& text) const;
  /// Brings a tensor on the CPU from one rank to another; of other ranks nothing. `tensor` is read or written.
  void move(at::Tensor& tensor, int64_t from, int64_t to) const;
  /// Throws ConfigError where `description`, lines of settings, is another one than rank 0's, with the first
  /// difference.
  void require_same(const std::string& description) const;

  // Of the device.
  /// The mean over the ranks; where the device has a queue, nothing waits.
  at::Tensor mean(const at::Tensor& value) const;
  /// Brings rank `from`'s values into the others' tensors.
  void share(const std::vector<at::Tensor>& tensors, int64_t from) const;
  /// For c10d's own tools. Of a process on its own: none.
  const c10::intrusive_ptr<c10d::ProcessGroup>& device_group() const;

  /// Gives what `call`, which takes part in collectives, gives. Where it fails since a process is gone, throws an Error
  /// that says which.
  template <class Call>
  decltype(auto) guard(Call&& call) const {
    if (is_alone()) return std::forward<Call>(call)();
    try {
      return std::forward<Call>(call)();
    } catch (...) {
      throw_verdict_or_rethrow();
    }
  }

 private:
  struct Groups;
  std::vector<double> visible_gpus() const;  // as choose_gpu takes them
  [[noreturn]] void throw_verdict_or_rethrow() const;

  Launch launch_;
  std::unique_ptr<Groups> groups_;  // none: on its own
};

}  // namespace ktlm::train
