// Data and tokenizer in words, for the message that a run can't go on with others than it began with.
#pragma once

#include <filesystem>

#include "ktlm/corpus/prepared_corpus.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/train/checkpoint.h"
#include "ktlm/train/trainer.h"

namespace ktlm::train {

RunInputs inputs_of(const std::filesystem::path& prepared_dir, const std::filesystem::path& tokenizer_dir,
                    const corpus::PreparedCorpus& corpus);

/// Of what the run in `run_dir` began with, by its inputs.json and its own copy of the tokenizer.
InputWords words_of_run(const std::filesystem::path& run_dir);
/// Of what it is given now; where the tokenizer has as many pieces as the run's own, with how many of them differ.
InputWords words_of_inputs(const std::filesystem::path& run_dir, const RunInputs& inputs,
                           const tokenizer::Tokenizer& tokenizer);

}  // namespace ktlm::train
