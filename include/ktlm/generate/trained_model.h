// A model directory opened for use: the weights and the tokenizer they were trained with.
#pragma once

#include <torch/types.h>

#include <filesystem>

#include "ktlm/model/language_model.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::generate {

struct TrainedModel {
  model::LanguageModel model;
  tokenizer::Tokenizer tokenizer;
};

/// Throws Error: missing or damaged files, a tokenizer of another vocabulary than the model's.
TrainedModel load_trained_model(const std::filesystem::path& directory, at::Device device, at::ScalarType dtype);

/// The model that `named` stands for: itself, or the model of a run. Throws Error where it holds none; where it is a
/// run that has come as far as a checkpoint, the message names that.
std::filesystem::path find_model(const std::filesystem::path& named);

/// The `model` directory under `runs` that was written last. Throws Error where there is none; where a run has come as
/// far as a checkpoint, the message names that.
std::filesystem::path find_newest_model(const std::filesystem::path& runs);

}  // namespace ktlm::generate
