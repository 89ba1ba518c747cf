// Adds up the gradients of all processes while the backward pass goes on: c10d's Reducer collects them in buckets and
// sends a bucket as soon as its last gradient is there.
#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>
#include <vector>

#include "ktlm/model/language_model.h"
#include "ranks.h"

namespace ktlm::train {

class GradientReducer {
 public:
  /// The parameters' memory must stay. Of a process on its own it does nothing.
  GradientReducer(const Ranks& ranks, const std::vector<model::NamedParameter>& parameters);
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  /// Settles for good in which order gradients are exchanged: in that in which `backward`, one pass through the model
  /// that forgets its gradients again, brings them. Call it before the first step. c10d would settle it behind that,
  /// and a run that goes on would add up its first step in another order than one that was not stopped.
  void settle(const std::function<void()>& backward);

  /// Call it before the step's last backward pass, which then leaves the mean over the ranks of all that each has added
  /// up, in the reducer's own memory. Passes before it exchange nothing.
  void expect_last_pass();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktlm::train
