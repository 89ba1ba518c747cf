// A model directory opened for use with libtorch: the weights and the tokenizer they were trained with.
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

}  // namespace ktlm::generate
