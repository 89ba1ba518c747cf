// The parameters of a model: names and layouts of transformers' LlamaForCausalLM and Qwen3ForCausalLM, shapes from the
// configuration, and how each starts. The one place that lists them. Needs no libtorch.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ktlm/model/model_config.h"

namespace ktlm::model {

enum class Initial {
  kEmbedding,       // N(0, embedding_std²)
  kTiedOutputNorm,  // 0.02 / embedding_std, so that an output layer which is the embedding starts with usual logits
  kNormal,          // N(0, 0.02²)
  kResidualOutput,  // N(0, 0.02² / 2 n_layers): each block adds two of these to the residual stream (GPT-2)
  kOnes,
};

struct ParameterSpec {
  std::string name;
  std::vector<int64_t> shape;
  Initial initial;
};

/// In the order of the computation; a tied output layer has no entry of its own.
std::vector<ParameterSpec> parameter_specs(const ModelConfig& config);

/// Throws Error, beginning with `where`, for a tensor that is missing, unexpected or of another shape than the specs'.
void check_shapes(const std::vector<ParameterSpec>& specs, const std::map<std::string, std::vector<int64_t>>& shapes,
                  const std::string& where);

}  // namespace ktlm::model
