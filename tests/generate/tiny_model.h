// A model of random weights over the tiny tokenizer, large enough that its distributions are far from flat: its text is
// nonsense, but each token depends on all before it.
#pragma once

#include <ATen/Parallel.h>
#include <torch/types.h>

#include "generate/tiny_tokenizer.h"
#include "ktlm/generate/decode_loop.h"
#include "ktlm/model/language_model.h"

namespace ktlm::test {

inline model::LanguageModel make_tiny_model(int64_t vocab_size, int64_t max_seq_len = 128) {
  model::ModelConfig config;
  config.vocab_size = vocab_size;
  config.d_model = 32;
  config.n_layers = 2;
  config.n_heads = 4;
  config.n_kv_heads = 2;
  config.d_ff = 48;
  config.max_seq_len = max_seq_len;
  model::LanguageModel model(config, at::kCPU, at::kFloat, 3);
  const at::NoGradGuard no_grad;
  constexpr int64_t kMessageStart = 4;  // would end a text; its logit of 0 is never the largest
  for (const model::NamedParameter& parameter : model.parameters()) {
    if (parameter.tensor.dim() == 2) parameter.tensor.mul_(20);
    if (parameter.tensor.dim() == 2 && parameter.tensor.size(0) == vocab_size) parameter.tensor[kMessageStart].zero_();
  }
  return model;
}

/// Both, made once for a test program.
struct TinyModel {
  TemporaryDirectory directory;
  tokenizer::Tokenizer tokenizer = make_tiny_tokenizer(directory / "tokenizer");
  model::LanguageModel model = make_tiny_model(tokenizer.vocab_size());

  static const TinyModel& get() {
    at::set_num_threads(1);  // threads that wait for each other cost more than so small a model
    static const TinyModel tiny;
    return tiny;
  }
};

}  // namespace ktlm::test
