// How well a model predicts text that it has not seen. Bits per byte (as nanochat counts it) does not depend on the
// tokenizer: the nats of all tokens that stand for text, over ln 2 times the bytes they stand for; control tokens, such
// as the end of a document, count for neither.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <span>
#include <string>

#include "ktlm/core/progress.h"
#include "ktlm/core/stop_flag.h"
#include "ktlm/data/dialogue_windows.h"
#include "ktlm/data/token_dataset.h"
#include "ktlm/model/language_model.h"

namespace ktlm::eval {

struct Evaluation {
  double loss = 0;        // nats per token, over text tokens
  double perplexity = 0;  // exp(loss)
  double bits_per_byte = 0;
  int64_t num_tokens = 0;  // text tokens counted; 0: there was nothing to evaluate, and the rest says nothing
  int64_t num_bytes = 0;
};

/// The result of `nats` lost over `num_tokens` tokens and `num_bytes` bytes of text.
Evaluation make_evaluation(double nats, int64_t num_tokens, int64_t num_bytes);

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

/// Evaluates each text by itself, behind BOS, in windows of max_seq_len targets that share no context: what stands
/// before a window is not seen. Bytes are those of the texts as given, in UTF-8; no end token is counted. Gives an
/// evaluation of no token when `stop` is requested. Throws Error as above.
Evaluation evaluate_documents(const model::LanguageModel& model, const tokenizer::Tokenizer& tokenizer,
                              std::span<const std::string> texts, int64_t batch_size, at::ScalarType autocast_dtype,
                              const ProgressCallback& progress, const StopFlag& stop);

}  // namespace ktlm::eval
