// A parameter's name and the order of its rows in a GGUF file, against those of a model directory.
#pragma once

#include <cstdint>
#include <string>

#include "ktlm/model/model_config.h"

namespace ktlm::formats {

/// "qwen3" for a model with QK-norm, else "llama".
const char* architecture_of(const model::ModelConfig& config);

/// "blk.3.attn_q.weight" for "model.layers.3.self_attn.q_proj.weight"; the name is one of model::parameter_specs.
std::string gguf_name(const std::string& parameter);

/// For row `row` of the matrix in the GGUF file, the row of `parameter` that stands there. They differ for the queries
/// and keys of "llama" alone: rotary embedding turns channels i and i + head_dim / 2 together here, as in transformers,
/// and neighbours there.
int64_t row_in_directory(const model::ModelConfig& config, const std::string& parameter, int64_t row);
/// The other way round.
int64_t row_in_gguf(const model::ModelConfig& config, const std::string& parameter, int64_t row);

}  // namespace ktlm::formats
