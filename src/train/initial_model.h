// The model that a run begins with: new weights, or those of a trained model (train.init_from), for fine-tuning.
#pragma once

#include <filesystem>

#include "ktlm/model/language_model.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/train/optimizer.h"
#include "ktlm/train/train_config.h"

namespace ktlm::train {

/// Throws ConfigError, with the first difference, where `tokenizer` is not that of the model in train.init_from.
void check_tokenizer_of_initial_model(const TrainConfig& config, const tokenizer::Tokenizer& tokenizer);

/// In fp32, with gradients on. Throws ConfigError, with the differences, where train.init_from names a model of another
/// shape than `shape`; max_seq_len alone may differ, since positions are relative.
model::LanguageModel make_initial_model(const TrainConfig& config, const model::ModelConfig& shape, at::Device device);

/// For a trained model: the embedding's rate in the measure in which it is narrower than train.embedding_std; that of
/// the last norm, where the embedding is the output layer, so that it is its mean, at most 1. Waits for the device.
RateFactors rate_factors_of(const model::LanguageModel& model, const OptimizerOptions& options,
                            const TrainConfig& config);

}  // namespace ktlm::train
