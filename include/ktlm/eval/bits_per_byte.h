// How well a model predicts held-out text. Bits per byte (as nanochat counts it) does not depend on the tokenizer: the
// nats of all tokens that stand for text, over ln 2 times the bytes they stand for; control tokens count for neither.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "ktlm/core/stop_flag.h"
#include "ktlm/data/token_dataset.h"
#include "ktlm/model/language_model.h"

namespace ktlm::eval {

struct Evaluation {
  double loss = 0;        // nats per token, over text tokens
  double perplexity = 0;  // exp(loss)
  double bits_per_byte = 0;
  int64_t num_tokens = 0;  // text tokens counted
  int64_t num_bytes = 0;
};

/// Evaluates the dataset from its start in windows of max_seq_len, without gradient, under autocast to
/// `autocast_dtype`; at most max_tokens tokens (0: all). Stops early, with what it has, when `stop` is requested.
Evaluation evaluate(const model::LanguageModel& model, const data::TokenDataset& dataset,
                    const tokenizer::Tokenizer& tokenizer, int64_t batch_size, int64_t max_tokens,
                    at::ScalarType autocast_dtype, const StopFlag& stop);

}  // namespace ktlm::eval
