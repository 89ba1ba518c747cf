// Listens to what libtorch runs on the device while some work is done, on every thread: the backward pass of MPS has
// one of its own. Operators are seen as they are called, before a backend takes them, so what fakemps computes with on
// the CPU is not among them, and a Mac shows the same list.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ktlm::test {

struct TensorArgument {
  bool on_device = false;  // false: in the CPU's memory
  at::ScalarType dtype = at::kFloat;
  bool contiguous = true;
  bool packed = true;  // contiguous, or so once its last two dimensions are swapped
  std::vector<int64_t> sizes;
};

/// A call with a tensor on the device among its arguments. Operators made of others stand beside those that they call.
struct OperatorCall {
  std::string name;                       // "addcmul_": without namespace and overload
  std::vector<TensorArgument> arguments;  // its tensors in order, those in lists too
  bool non_blocking = false;              // of a copy

  /// "linear(float [2, 8, 24], float [24, 24] strided)"
  std::string description() const;
};

/// The calls during `work`, in the order in which they began. One recording at a time.
std::vector<OperatorCall> record_operators(const std::function<void()>& work);

/// The calls that make the host wait for the device, described: each reads a value, or finds out a size that depends on
/// values.
std::vector<std::string> host_syncs(const std::vector<OperatorCall>& calls);
/// The copies from the host's memory, described; on MPS each waits for the queue as well, unless non_blocking.
std::vector<std::string> uploads(const std::vector<OperatorCall>& calls);

}  // namespace ktlm::test
