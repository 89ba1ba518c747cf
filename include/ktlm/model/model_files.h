// What a model directory says without its weights being loaded: the shape, from config.json. Needs no libtorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "ktlm/model/model_config.h"

namespace ktlm::model {

/// The shape that a config.json describes. Throws Error for architectures and options that ktlm does not compute
/// (another model_type, other rope scaling than linear and Llama 3's, biases, sliding windows), and for numbers that
/// fit no model, naming the file's key.
ModelConfig config_from_hf_json(const std::string& json_text, const std::string& where);

struct SpecialIds {
  int64_t bos, eos, pad;
};

/// config.json's content for this shape, in a form that transformers 4 and 5 read; `dtype` as they name it ("float32").
std::string config_to_hf_json(const ModelConfig& config, const SpecialIds& ids, const std::string& dtype);

/// The shape of a model directory.
ModelConfig load_model_config(const std::filesystem::path& directory);

}  // namespace ktlm::model
