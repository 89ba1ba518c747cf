// What must not run on MPS in a training or decoding step: operators and operands that have computed wrongly there,
// need memory that grows with the square of the context, or are slow. Numbers are issues or pull requests of pytorch.
//
// Two more are refused by the device itself (device_test.cpp), and so fail any test: float64, and operators without a
// kernel for MPS, such as _fused_rms_norm_backward.
#pragma once

#include <string>
#include <vector>

#include "operator_recorder.h"

namespace ktlm::test {

enum class Phase { kTraining, kDecoding };

/// The calls that break a rule of the phase, each described, with the reason; none twice.
std::vector<std::string> forbidden_calls(const std::vector<OperatorCall>& calls, Phase phase);

}  // namespace ktlm::test
