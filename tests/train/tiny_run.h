// A corpus, a tokenizer and a model so small that a run of twenty steps takes a second.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "ktlm/train/trainer.h"
#include "temporary_directory.h"

namespace ktlm::train {

/// Some hundred short Korean documents, prepared, and a tokenizer trained on them; made once per program.
struct TinyData {
  std::filesystem::path prepared, tokenizer;
};
const TinyData& tiny_data();

/// 20 steps of 2 x 2 windows of 32 tokens; a checkpoint every 5, no validation.
TrainRequest tiny_request(const TinyData& data, const std::filesystem::path& run_dir);

/// The tensors of a model directory, or of a checkpoint.
std::map<std::string, at::Tensor> weights_of(const std::filesystem::path& directory);

/// Fails the test where a bit differs.
void expect_same_weights(const std::filesystem::path& left, const std::filesystem::path& right);

}  // namespace ktlm::train
