// The model's computation in ONNX's own operators.
#pragma once

#include <map>
#include <string>

#include "ktlm/model/model_config.h"
#include "ktlm/model/safetensors_file.h"
#include "onnx_graph.h"

namespace ktlm::formats {

/// The version of ONNX's operators that the graph uses, and of the file's form that goes with it.
inline constexpr int64_t kOnnxOpset = 17, kOnnxIrVersion = 8;

/// The graph of a model with these tensors, which must outlive it and have the shapes of parameter_specs(config).
/// Inputs and outputs are named and shaped as Hugging Face's optimum has them (B batch, T new tokens, P tokens before,
/// K kv heads, D head_dim, V vocab):
///   input_ids (B, T), attention_mask (B, P + T), position_ids (B, T): int64
///   past_key_values.N.key, .value (B, K, P, D)    ->    present.N.key, .value (B, K, P + T, D): of `type`
///   logits (B, T, V): fp32
/// With kFloat16 norms and softmaxes are computed in fp32, all else in fp16.
OnnxGraph onnx_model(const model::ModelConfig& config,
                     const std::map<std::string, model::SafetensorsFile::Tensor>& tensors, OnnxType type);

}  // namespace ktlm::formats
