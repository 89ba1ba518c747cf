// How well a model predicts what it is to be trained on, in the form that training gives it: documents in a row, or
// dialogues packed into windows. Control tokens, such as the end of a document, count neither as tokens nor as bytes.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "ktlm/core/stop_flag.h"
#include "ktlm/data/dialogue_windows.h"
#include "ktlm/data/token_dataset.h"
#include "ktlm/eval/evaluation.h"
#include "ktlm/model/language_model.h"

namespace ktlm::eval {

/// Evaluates the dataset from its start in windows of max_seq_len, all in batches of one shape, without gradient, under
/// autocast to `autocast_dtype`; at most max_tokens targets (0: all). The first token of the dataset, which nothing
/// foretells, is no target. Stops early, with what it has, when `stop` is requested. Throws Error where the
/// tokenizer's vocabulary is larger than the model's.
Evaluation evaluate(const model::LanguageModel& model, const data::TokenDataset& dataset,
                    const tokenizer::Tokenizer& tokenizer, int64_t batch_size, int64_t max_tokens,
                    at::ScalarType autocast_dtype, const StopFlag& stop);

/// Evaluates the answers of dialogues, each by what stands before it in its own dialogue. Counted, against what
/// Evaluation says, are all targets, the markers that end answers among them: a model must know when to stop. Takes
/// whole windows, in an order drawn once and for all, until max_tokens targets are counted (0: all). Stops and throws
/// as above.
Evaluation evaluate_answers(const model::LanguageModel& model, const data::DialogueWindows& dialogues,
                            const tokenizer::Tokenizer& tokenizer, int64_t batch_size, int64_t max_tokens,
                            at::ScalarType autocast_dtype, const StopFlag& stop);

}  // namespace ktlm::eval
