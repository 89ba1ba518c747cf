// What the loss over a text comes to. Bits per byte (as nanochat counts it) does not depend on the tokenizer: the nats
// of all tokens that stand for text, over ln 2 times the bytes they stand for.
#pragma once

#include <cstdint>

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

}  // namespace ktlm::eval
