// The values that parameters start from.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "ktlm/model/parameter_specs.h"

namespace ktlm::model {

/// Initial values of each spec, fp32 on the CPU, fixed by `seed`.
std::vector<at::Tensor> initial_values(const std::vector<ParameterSpec>& specs, int64_t n_layers, uint64_t seed,
                                       double embedding_std);

}  // namespace ktlm::model
