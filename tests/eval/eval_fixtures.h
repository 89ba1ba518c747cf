// A tokenizer, a model of random weights, and the obvious way to what it loses.
#pragma once

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "ktlm/eval/evaluation.h"
#include "ktlm/model/language_model.h"
#include "small_corpus.h"

namespace ktlm::test {

inline const SmallCorpus& small_corpus() {
  static const SmallCorpus corpus(100);
  return corpus;
}

inline const tokenizer::Tokenizer& small_tokenizer() { return small_corpus().tokenizer; }

// Random weights, so large that its guesses are far from even.
inline model::LanguageModel random_model(int64_t vocab_size) {
  at::set_num_threads(1);  // on a busy machine, threads that wait for each other take longer than so small a model
  model::ModelConfig config;
  config.vocab_size = vocab_size;
  config.d_model = 32;
  config.n_layers = 2;
  config.n_heads = 4;
  config.n_kv_heads = 2;
  config.d_ff = 64;
  config.max_seq_len = 24;
  model::LanguageModel model(config, at::kCPU, at::kFloat, 1);
  for (const auto& parameter : model.parameters())
    if (parameter.tensor.dim() == 2) at::Tensor(parameter.tensor).mul_(5);
  return model;
}

inline const model::LanguageModel& random_model() {
  static const model::LanguageModel model = random_model(small_tokenizer().vocab_size());
  return model;
}

struct Sum {
  double nats = 0;
  int64_t num_tokens = 0, num_bytes = 0;
};

// The obvious way: each token's loss by itself, from the logits behind everything that its window holds before it.
inline void add_window(const std::vector<int64_t>& ids, Sum& sum) {
  const at::NoGradGuard no_grad;
  for (size_t t = 1; t < ids.size(); ++t) {
    const auto bytes =
        static_cast<int64_t>(small_tokenizer().token_bytes(static_cast<tokenizer::TokenId>(ids[t])).size());
    if (bytes == 0) continue;
    const std::vector<int64_t> before(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(t));
    const auto input = at::tensor(before, at::kLong).unsqueeze(0);
    const auto logits = random_model().logits(random_model().hidden_states(input))[0][-1];
    sum.nats -= at::log_softmax(logits.to(at::kDouble), 0)[ids[t]].item<double>();
    sum.num_tokens += 1;
    sum.num_bytes += bytes;
  }
}

inline Sum sum_of_windows(const std::vector<int64_t>& ids) {
  Sum sum;
  const auto step = static_cast<size_t>(random_model().config().max_seq_len);
  for (size_t begin = 0; begin + 1 < ids.size(); begin += step)
    add_window({ids.begin() + static_cast<std::ptrdiff_t>(begin),
                ids.begin() + static_cast<std::ptrdiff_t>(std::min(begin + step + 1, ids.size()))},
               sum);
  return sum;
}

inline void expect_matches(const eval::Evaluation& evaluation, const Sum& expected) {
  EXPECT_EQ(evaluation.num_tokens, expected.num_tokens);
  EXPECT_EQ(evaluation.num_bytes, expected.num_bytes);
  const double loss = expected.nats / static_cast<double>(expected.num_tokens);
  EXPECT_NEAR(evaluation.loss, loss, 1e-4 * loss);
  EXPECT_NEAR(evaluation.perplexity, std::exp(loss), 1e-3 * std::exp(loss));
  const double bits_per_byte = expected.nats / std::numbers::ln2 / static_cast<double>(expected.num_bytes);
  EXPECT_NEAR(evaluation.bits_per_byte, bits_per_byte, 1e-4 * bits_per_byte);
}

}  // namespace ktlm::test
