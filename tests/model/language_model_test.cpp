#include "ktlm/model/language_model.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "error_message.h"
#include "ktlm/model/device.h"
#include "model/example_model.h"

namespace ktlm::model {
namespace {

using test::all_logits;
using test::error_message;
using test::example_model;
using test::largest_difference;
using test::random_ids;
using test::small_config;

std::vector<ModelConfig> variants() {
  auto untied = small_config(), qk_norm = small_config(), head_dim = small_config();
  untied.tie_embeddings = false;
  qk_norm.qk_norm = true;
  head_dim.head_dim = 10;
  head_dim.n_kv_heads = 6;
  return {small_config(), untied, qk_norm, head_dim};
}

TEST(LanguageModel, FutureTokensChangeNothing) {
  for (const auto& config : variants()) {
    const auto model = example_model(config);
    for (const int64_t num_tokens : {2, 17, 64}) {
      const auto ids = random_ids(config, 2, num_tokens);
      const auto before = all_logits(model, ids);
      for (const int64_t t : {int64_t{0}, (num_tokens - 1) / 2, num_tokens - 2}) {
        auto changed = ids.clone();
        changed.select(1, t + 1).add_(1).remainder_(config.vocab_size);
        const auto after = all_logits(model, changed);
        EXPECT_TRUE(at::equal(after.slice(1, 0, t + 1), before.slice(1, 0, t + 1)));
        EXPECT_GT(largest_difference(after.select(1, t + 1), before.select(1, t + 1)), 1e-3);
      }
    }
  }
}

std::vector<at::Tensor> gradients_of(LanguageModel& model, const at::Tensor& loss) {
  std::vector<at::Tensor> leaves;
  for (const auto& parameter : model.parameters()) leaves.push_back(parameter.tensor);
  return torch::autograd::grad({loss}, leaves);
}

// Packed dialogues: scores depend on the distance of tokens alone, so that a text in the middle of a row has the losses
// and gradients of one that begins at position 0.
TEST(LanguageModel, TextsInOneRowHaveTheLossAndGradientsThatTheyHaveAlone) {
  for (const auto& config : variants()) {
    auto model = example_model(config);
    model.set_requires_grad(true);
    const auto ids = random_ids(config, 1, 61);
    auto targets = random_ids(config, 1, 61);
    targets.slice(1, 10, 20).fill_(-1);
    const std::vector<int64_t> lengths = {7, 1, 35, 18};
    std::vector<at::Tensor> starts, losses;
    at::Tensor loss_alone = at::zeros({});
    int64_t begin = 0;
    for (const int64_t length : lengths) {
      const auto text = ids.narrow(1, begin, length), text_targets = targets.narrow(1, begin, length);
      starts.push_back(at::full({1, length}, begin, at::kLong));
      losses.push_back(model.token_losses(text, text_targets));
      loss_alone = loss_alone + model.loss(text, text_targets) * text_targets.ge(0).sum() / 51.0;
      begin += length;
    }
    const auto text_starts = at::cat(starts, 1);
    EXPECT_LT(largest_difference(model.token_losses(ids, targets, text_starts), at::cat(losses, 1)), 1e-5);
    EXPECT_GT(largest_difference(model.token_losses(ids, targets), at::cat(losses, 1)), 1e-3);

    const auto packed = model.loss(ids, targets, text_starts);
    EXPECT_LT(largest_difference(packed, loss_alone), 1e-5);
    const auto got = gradients_of(model, packed), alone = gradients_of(model, loss_alone);
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_LT(largest_difference(got[i], alone[i]), 1e-5) << model.parameters()[i].name;

    model.set_gradient_checkpointing(true);
    const auto recomputed = gradients_of(model, model.loss(ids, targets, text_starts));
    for (size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(at::equal(got[i], recomputed[i])) << model.parameters()[i].name;
  }
}

TEST(LanguageModel, CachedDecodingEqualsFullRecomputation) {
  const at::NoGradGuard no_grad;
  for (const auto& config : variants()) {
    const auto model = example_model(config);
    const auto ids = random_ids(config, 3, 40);
    const auto full = all_logits(model, ids);
    KvCache cache(config, 3, 40, at::kCPU, at::kFloat);
    std::vector<at::Tensor> parts;
    int64_t begin = 0;
    for (const int64_t chunk : {11, 1, 1, 8, 1, 18}) {  // prefill, steps, a chunk behind a prefix, ...
      parts.push_back(model.logits(model.hidden_states(ids.narrow(1, begin, chunk), &cache)));
      begin += chunk;
    }
    EXPECT_EQ(cache.length(), 40);
    EXPECT_LT(largest_difference(at::cat(parts, 1), full), 1e-4);
  }
}

TEST(LanguageModel, TruncatedCacheGoesOnAsIfTheRestHadNeverBeen) {
  const at::NoGradGuard no_grad;
  const auto model = example_model();
  const auto ids = random_ids(model.config(), 1, 20), others = random_ids(model.config(), 1, 9, 4);
  KvCache cache(model.config(), 1, 64, at::kCPU, at::kFloat);
  model.hidden_states(at::cat({ids.slice(1, 0, 12), others}, 1), &cache);
  cache.truncate(12);
  const auto rest = model.logits(model.hidden_states(ids.slice(1, 12), &cache));
  EXPECT_LT(largest_difference(rest, all_logits(model, ids).slice(1, 12)), 1e-4);
}

TEST(LanguageModel, LeftPaddedRowsEqualSingleRuns) {
  const at::NoGradGuard no_grad;
  for (const auto& config : variants()) {
    const auto model = example_model(config);
    const std::vector<int64_t> padding{0, 7, 19};
    const auto ids = random_ids(config, 3, 30);
    KvCache cache(config, 3, 30, at::kCPU, at::kFloat);
    cache.set_padding(padding);
    std::vector<at::Tensor> parts;
    int64_t begin = 0;
    for (const int64_t chunk : {20, 1, 4, 5}) {
      parts.push_back(model.logits(model.hidden_states(ids.narrow(1, begin, chunk), &cache)));
      begin += chunk;
    }
    const auto batched = at::cat(parts, 1);
    EXPECT_TRUE(batched.isfinite().all().item<bool>());
    for (int64_t row = 0; row < 3; ++row) {
      const int64_t first = padding[static_cast<size_t>(row)];
      const auto alone = all_logits(model, ids.narrow(0, row, 1).slice(1, first));
      EXPECT_LT(largest_difference(batched.narrow(0, row, 1).slice(1, first), alone), 1e-4) << "row " << row;
    }
  }
}

std::vector<at::Tensor> gradients(const ModelConfig& config, bool checkpointing, at::ScalarType dtype,
                                  uint64_t seed = 3) {
  auto model = example_model(config);
  model.set_requires_grad(true);
  model.set_gradient_checkpointing(checkpointing);
  const auto ids = random_ids(config, 2, 33, seed);
  at::Tensor loss;
  {
    const AutocastGuard autocast(at::kCPU, dtype);
    loss = model.loss(ids.slice(1, 0, 32), ids.slice(1, 1));
  }
  loss.backward();
  std::vector<at::Tensor> result{loss.detach()};
  for (const auto& parameter : model.parameters()) result.push_back(parameter.tensor.grad());
  return result;
}

TEST(LanguageModel, CheckpointingChangesNoGradient) {
  for (const auto& config : variants()) {
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      const auto plain = gradients(config, false, dtype), recomputed = gradients(config, true, dtype);
      ASSERT_EQ(plain.size(), recomputed.size());
      for (size_t i = 0; i < plain.size(); ++i) EXPECT_TRUE(at::equal(plain[i], recomputed[i])) << i;
    }
  }
}

// The mean of several texts: where a gradient's terms nearly cancel, the error of one text is a matter of luck. (Over
// 20 texts a single tensor was off by up to 0.21 with libtorch's attention, by up to 0.08 with ours.)
TEST(LanguageModel, Bf16AutocastStaysNearFullPrecision) {
  constexpr uint64_t kTexts = 8;
  for (const auto& config : variants()) {
    std::vector<double> errors;
    for (uint64_t seed = 1; seed <= kTexts; ++seed) {
      const auto exact = gradients(config, false, at::kFloat, seed);
      const auto rounded = gradients(config, false, at::kBFloat16, seed);
      errors.resize(exact.size());
      for (size_t i = 0; i < exact.size(); ++i) {
        EXPECT_EQ(rounded[i].scalar_type(), at::kFloat);
        errors[i] += (rounded[i] - exact[i]).norm().item<double>() / exact[i].norm().item<double>() / kTexts;
      }
    }
    for (size_t i = 0; i < errors.size(); ++i) EXPECT_LT(errors[i], 0.05) << i;
  }
}

TEST(LanguageModel, ReducedPrecisionWeightsStayNearFullPrecision) {
  const auto model = example_model();
  const auto ids = random_ids(model.config(), 2, 30);
  const auto exact = all_logits(model, ids);
  for (const auto dtype : {at::kBFloat16, at::kHalf}) {
    std::map<std::string, at::Tensor> parameters;
    for (const auto& [name, tensor] : model.parameters()) parameters[name] = tensor.to(dtype);
    const LanguageModel rounded(model.config(), parameters, "test");
    const auto logits = all_logits(rounded, ids);
    EXPECT_EQ(logits.scalar_type(), at::kFloat);
    EXPECT_LT((logits - exact).norm().item<double>() / exact.norm().item<double>(), 0.05);
  }
}

TEST(LanguageModel, SeedFixesTheInitialWeights) {
  const LanguageModel a(small_config(), at::kCPU, at::kFloat, 5), b(small_config(), at::kCPU, at::kFloat, 5);
  const LanguageModel other(small_config(), at::kCPU, at::kFloat, 6);
  for (size_t i = 0; i < a.parameters().size(); ++i) {
    EXPECT_TRUE(at::equal(a.parameters()[i].tensor, b.parameters()[i].tensor));
  }
  EXPECT_FALSE(at::equal(a.parameters()[0].tensor, other.parameters()[0].tensor));
}

TEST(LanguageModel, InitialWeightsHaveTheRecipesScale) {
  auto config = small_config();
  config.d_model = 192;
  config.d_ff = 512;
  config.n_layers = 8;
  const LanguageModel model(config, at::kCPU, at::kFloat, 1);
  for (const auto& [name, tensor] : model.parameters()) {
    if (tensor.dim() == 1) {
      EXPECT_TRUE(at::equal(tensor, at::ones_like(tensor))) << name;
      continue;
    }
    const bool to_residual = name.find("o_proj") != std::string::npos || name.find("down_proj") != std::string::npos;
    EXPECT_NEAR(tensor.std().item<double>(), to_residual ? 0.005 : 0.02, to_residual ? 2e-4 : 6e-4) << name;
    EXPECT_NEAR(tensor.mean().item<double>(), 0.0, 1e-3) << name;
  }
}

TEST(LanguageModel, LogitsOfAWideEmbeddingStartAsAnyOthers) {
  const at::Tensor ids = at::arange(12).reshape({2, 6});
  const auto first_logits = [&](double embedding_std, bool tied) {
    auto config = small_config();
    config.tie_embeddings = tied;
    return all_logits(LanguageModel(config, at::kCPU, at::kFloat, 1, embedding_std), ids).std().item<double>();
  };
  EXPECT_NEAR(first_logits(1.0, true) / first_logits(1.0, false), 1, 0.5);  // each token's own is larger
}

TEST(LanguageModel, TheEmbeddingAloneStartsWithItsOwnStandardDeviation) {
  auto config = small_config();
  config.tie_embeddings = false;
  const LanguageModel usual(config, at::kCPU, at::kFloat, 1), wide(config, at::kCPU, at::kFloat, 1, 1.0);
  for (size_t i = 0; i < wide.parameters().size(); ++i) {
    const auto& [name, tensor] = wide.parameters()[i];
    const double times = name == "model.embed_tokens.weight" ? 50 : 1;
    EXPECT_TRUE(at::allclose(tensor, usual.parameters()[i].tensor * times)) << name;
  }
}

TEST(LanguageModel, UntrainedLossIsThatOfAGuess) {
  const LanguageModel model(small_config(), at::kCPU, at::kFloat, 1);
  const auto ids = random_ids(model.config(), 4, 33);
  EXPECT_NEAR(model.loss(ids.slice(1, 0, 32), ids.slice(1, 1)).item<double>(), std::log(61.0), 0.05);
}

TEST(LanguageModel, CountsItsParameters) {
  for (const auto& config : variants()) {
    const LanguageModel model(config, at::kCPU, at::kFloat, 1);
    int64_t total = 0;
    for (const auto& parameter : model.parameters()) total += parameter.tensor.numel();
    EXPECT_EQ(config.num_parameters(), total);
  }
}

TEST(LanguageModel, RefusesTextBeyondItsContext) {
  const auto model = example_model();
  const auto ids = random_ids(model.config(), 1, 65);
  EXPECT_EQ(error_message([&] { model.hidden_states(ids); }),
            "model: 65 tokens, but the model's context ends at 64 (max_seq_len); shorten the text");
  KvCache cache(model.config(), 1, 64, at::kCPU, at::kFloat);
  const at::NoGradGuard no_grad;
  model.hidden_states(ids.slice(1, 0, 60), &cache);
  EXPECT_EQ(error_message([&] { model.hidden_states(ids.slice(1, 0, 5), &cache); }),
            "model: 65 tokens, but the model's context ends at 64 (max_seq_len); shorten the text");
}

TEST(LanguageModel, TakesOnlyTheParametersOfItsConfiguration) {
  const auto config = small_config();
  const LanguageModel model(config, at::kCPU, at::kFloat, 1);
  std::map<std::string, at::Tensor> good;
  for (const auto& [name, tensor] : model.parameters()) good[name] = tensor;
  auto missing = good, unexpected = good, reshaped = good;
  missing.erase("model.layers.1.mlp.up_proj.weight");
  unexpected["lm_head.weight"] = at::zeros({61, 24});
  reshaped["model.norm.weight"] = at::ones({25});
  EXPECT_EQ(error_message([&] { LanguageModel(config, missing, "a.safetensors"); }),
            "a.safetensors: tensor \"model.layers.1.mlp.up_proj.weight\" is missing; is the file of this config.json?");
  EXPECT_EQ(error_message([&] { LanguageModel(config, unexpected, "a.safetensors"); }),
            "a.safetensors: tensor \"lm_head.weight\" is unexpected; config.json describes a model without it");
  EXPECT_EQ(error_message([&] { LanguageModel(config, reshaped, "a.safetensors"); }),
            "a.safetensors: tensor \"model.norm.weight\" has shape [25], but config.json asks for [24]");
}

TEST(LanguageModel, NeedsAVocabulary) {
  auto config = small_config();
  config.vocab_size = 0;
  EXPECT_EQ(error_message([&] { LanguageModel(config, at::kCPU, at::kFloat, 1); }),
            "model: vocab_size is 0; set it to the tokenizer's number of pieces");
}

}  // namespace
}  // namespace ktlm::model
