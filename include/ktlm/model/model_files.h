// What a model directory says without its weights being loaded: the shape from config.json, and where the weights are.
// Needs no libtorch.
#pragma once

#include <filesystem>
#include <string>

#include "ktlm/model/model_config.h"

namespace ktlm::model {

/// The shape that a config.json describes. Throws Error for architectures and options that ktlm does not compute
/// (another model_type, rope scaling, biases, sliding windows), naming the key, and for numbers that fit no model.
ModelConfig config_from_hf_json(const std::string& json_text, const std::string& where);

/// The same of a model directory.
ModelConfig load_model_config(const std::filesystem::path& directory);

/// The directory's model.safetensors. Throws Error where the weights are split over several files.
std::filesystem::path weights_file(const std::filesystem::path& directory);

}  // namespace ktlm::model
