#include "parameters.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

namespace ktlm::model {

std::vector<at::Tensor> initial_values(const std::vector<ParameterSpec>& specs, int64_t n_layers, uint64_t seed,
                                       double embedding_std) {
  auto generator = at::detail::createCPUGenerator(seed);
  std::vector<at::Tensor> values;
  values.reserve(specs.size());
  for (const auto& spec : specs) {
    auto value = at::empty(spec.shape, at::kFloat);
    switch (spec.initial) {
      case Initial::kOnes:
        value.fill_(1.0);
        break;
      case Initial::kEmbedding:
        value.normal_(0.0, embedding_std, generator);
        break;
      case Initial::kTiedOutputNorm:
        value.fill_(kInitialStandardDeviation / embedding_std);
        break;
      case Initial::kNormal:
        value.normal_(0.0, kInitialStandardDeviation, generator);
        break;
      case Initial::kResidualOutput:
        value.normal_(0.0, kInitialStandardDeviation / std::sqrt(2.0 * static_cast<double>(n_layers)), generator);
        break;
    }
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace ktlm::model
