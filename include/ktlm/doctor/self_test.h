// Does the device compute rightly? Every operation that ktlm trains and generates with runs on it, forward and
// backward, and meets a reference: the operation's definition, written out in float64 on the CPU. The reference shares
// no kernel with what it judges, so that the CPU can be judged too. Metal has computed wrongly without a word more than
// once (pytorch #118115, #162779, #169222, #195910), and a training run would only tell after a night.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "ktlm/core/progress.h"

namespace ktlm::doctor {

enum class Outcome {
  kRight,
  kWrong,
  kNotSupported,  // the device has no such kernel in this dtype, and ktlm can do without
};

struct CheckResult {
  std::string name;    // "rotary embedding"
  std::string aspect;  // "forward", "backward", "update", ...
  at::ScalarType dtype = at::kFloat;
  Outcome outcome = Outcome::kRight;
  double error = 0, tolerance = 0;  // largest relative deviation found, and allowed; both 0 where equality is asked for
  std::string detail;               // what is wrong, or not supported; else empty
};

/// All checks in fp32, bf16 and fp16. An operation that is missing counts as wrong in fp32, which everything needs, and
/// as not supported in the others. Memory that runs out is thrown, everything else is a result.
std::vector<CheckResult> run_all_checks(at::Device device, const ProgressCallback& progress);

/// The checks that find the known faults, at their smallest, in the dtypes that a run needs: about a second. Here an
/// operation that is missing is wrong.
std::vector<CheckResult> run_quick_checks(at::Device device, const std::vector<at::ScalarType>& dtypes,
                                          const ProgressCallback& progress);

/// "causal attention, bf16 forward: ...": a result's name and, where there is one, its detail.
std::string describe(const CheckResult& result);

/// "cpu computes rightly: 96 of 96 checks", or "mps computes wrongly: 2 of 96 checks fail, first causal attention ...;
/// use --device cpu or --dtype fp32": what to do instead, on one line.
std::string verdict(at::Device device, const std::vector<CheckResult>& results);

bool computes_rightly(const std::vector<CheckResult>& results);

/// What `ktlm train` does before it starts on a device that is not the CPU. Throws Error with the verdict where a quick
/// check fails. `dtypes` holds fp32: every run keeps its weights, residual stream and losses in it, and where it is
/// right the verdict advises it.
void require_right_results(at::Device device, const std::vector<at::ScalarType>& dtypes);

}  // namespace ktlm::doctor
