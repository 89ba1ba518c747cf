// What a model learns on MPS is what it learns on the CPU: loss, gradients, optimizer steps, validation.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "ktlm/data/token_writer.h"
#include "ktlm/eval/bits_per_byte.h"
#include "ktlm/eval/documents.h"
#include "ktlm/eval/torch_scorer.h"
#include "ktlm/model/device.h"
#include "ktlm/train/optimizer.h"
#include "ktlm/train/train_step.h"
#include "model/example_model.h"
#include "mps_device.h"
#include "small_corpus.h"

namespace ktlm {
namespace {

struct Variant {
  const char* name;
  int64_t n_kv_heads;
  bool qk_norm, tie_embeddings;
};
constexpr Variant kVariants[] = {{"Plain", 6, false, true},
                                 {"GroupedQueries", 2, false, true},
                                 {"QkNorm", 2, true, true},
                                 {"Untied", 2, false, false}};

model::ModelConfig config_of(const Variant& variant) {
  model::ModelConfig config = test::small_config();
  config.n_kv_heads = variant.n_kv_heads;
  config.qk_norm = variant.qk_norm;
  config.tie_embeddings = variant.tie_embeddings;
  return config;
}

data::Batch random_batch(const model::ModelConfig& config, uint64_t seed) {
  at::Tensor targets = test::random_ids(config, 3, config.max_seq_len, seed + 100);
  targets.narrow(0, 0, 1).narrow(1, 0, 9).fill_(-1);  // no targets
  return {test::random_ids(config, 3, config.max_seq_len, seed), targets};
}

class MpsTraining : public test::MpsTest,
                    public testing::WithParamInterface<std::tuple<Variant, at::ScalarType, bool>> {
 protected:
  model::ModelConfig config() const { return config_of(std::get<0>(GetParam())); }
  at::ScalarType dtype() const { return std::get<1>(GetParam()); }
  void prepare(model::LanguageModel& model) const {
    model.set_requires_grad(true);
    model.set_gradient_checkpointing(std::get<2>(GetParam()));
  }
  void expect_equal_gradients(const data::Batch& batch) const;
};

void MpsTraining::expect_equal_gradients(const data::Batch& batch) const {
  model::LanguageModel cpu = test::example_model(config()), mps = test::on_mps(cpu);
  prepare(cpu);
  prepare(mps);
  const at::Tensor cpu_loss = train::accumulate_gradients(cpu, batch, 0.5, dtype());
  const at::Tensor mps_loss = train::accumulate_gradients(mps, batch, 0.5, dtype());
  EXPECT_LT(test::relative_error(mps_loss, cpu_loss), test::tolerance_of(dtype()));
  for (size_t i = 0; i < cpu.parameters().size(); ++i) {
    const auto& [name, mps_parameter] = mps.parameters()[i];
    const at::Tensor& expected = cpu.parameters()[i].tensor.grad();
    EXPECT_GT(expected.norm().item<double>(), 0) << name;
    EXPECT_LT(test::relative_error(mps_parameter.grad(), expected), test::tolerance_of(dtype())) << name;
  }
}

TEST_P(MpsTraining, LossAndGradientsEqualTheCpus) { expect_equal_gradients(random_batch(config(), 1)); }

// The CPU skips what stands before a dialogue, MPS hides it.
TEST_P(MpsTraining, LossAndGradientsOfPackedDialoguesEqualTheCpus) {
  data::Batch batch = random_batch(config(), 1);
  batch.text_starts = at::arange(config().max_seq_len).div(23, "floor").mul(23).repeat({3, 1});
  expect_equal_gradients(batch);
}

TEST_P(MpsTraining, OptimizerStepsEqualTheCpus) {
  constexpr double kLearningRate = 1e-3, kMaxNorm = 1;
  model::LanguageModel cpu = test::example_model(config()), mps = test::on_mps(cpu);
  prepare(cpu);
  prepare(mps);
  const model::LanguageModel before = test::example_model(config());
  train::Optimizer cpu_optimizer(cpu.parameters(), {}), mps_optimizer(mps.parameters(), {});
  for (uint64_t step = 0; step < 3; ++step) {
    for (uint64_t micro_batch = 0; micro_batch < 2; ++micro_batch) {
      const data::Batch batch = random_batch(config(), 2 * step + micro_batch);
      train::accumulate_gradients(cpu, batch, 0.5, dtype());
      train::accumulate_gradients(mps, batch, 0.5, dtype());
    }
    const at::Tensor cpu_norm = cpu_optimizer.step(kLearningRate, kMaxNorm);
    const at::Tensor mps_norm = mps_optimizer.step(kLearningRate, kMaxNorm);
    EXPECT_GT(cpu_norm.item<double>(), kMaxNorm);  // so it is clipped
    EXPECT_LT(test::relative_error(mps_norm, cpu_norm), test::tolerance_of(dtype()));
  }
  // Of the way that the weights went. AdamW divides by the gradient's size: the error of a small one counts in full.
  const double tolerance = 10 * test::tolerance_of(dtype());
  for (size_t i = 0; i < cpu.parameters().size(); ++i) {
    const at::Tensor start = before.parameters()[i].tensor;
    const at::Tensor cpu_way = cpu.parameters()[i].tensor - start;
    const at::Tensor mps_way = mps.parameters()[i].tensor.detach().to(at::kCPU) - start;
    EXPECT_LT(test::relative_error(mps_way, cpu_way), tolerance) << cpu.parameters()[i].name;
  }
}

std::string variant_name(const testing::TestParamInfo<MpsTraining::ParamType>& parameter) {
  const auto& [variant, dtype, checkpointing] = parameter.param;
  return std::string(variant.name) + (dtype == at::kFloat ? "Fp32" : "Bf16") + (checkpointing ? "Checkpointed" : "");
}

INSTANTIATE_TEST_SUITE_P(, MpsTraining,
                         testing::Combine(testing::ValuesIn(kVariants), testing::Values(at::kFloat, at::kBFloat16),
                                          testing::Bool()),
                         variant_name);

class MpsValidation : public test::MpsTest {};

TEST_F(MpsValidation, EqualsTheCpus) {
  const test::SmallCorpus corpus(100);
  const auto datasets = data::open_or_build_token_datasets(corpus.corpus, corpus.tokenizer, 0, {}, StopFlag());
  model::ModelConfig config = test::small_config();
  config.vocab_size = corpus.tokenizer.vocab_size();
  config.max_seq_len = 128;  // room for contexts and continuations, each padded to 64
  const model::LanguageModel cpu = test::example_model(config), mps = test::on_mps(cpu);
  const std::vector<std::string> texts = {"서울은 한강을 끼고 있는 도시이다.", "봄", "고양이는 낮에 자고 밤에 논다."};
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const auto validate = [&](const model::LanguageModel& model) {
      return eval::evaluate(model, datasets.val, corpus.tokenizer, 3, 1000, dtype, StopFlag());
    };
    const auto score_documents = [&](const model::LanguageModel& model) {
      eval::TorchScorer scorer(model, 2, dtype);
      return eval::evaluation_of(eval::score_documents(scorer, corpus.tokenizer, texts, {}, StopFlag()));
    };
    const auto answer = [&](const model::LanguageModel& model) {
      const auto encode = [&](const std::string& text) { return corpus.tokenizer.encode(text); };
      const std::vector<eval::Prompt> prompts = {{encode(texts[0]), {encode(" 강"), encode(" 바다를 바라본다")}},
                                                 {encode(texts[2]), {encode(" 봄이 오면"), encode(" 산")}}};
      return eval::TorchScorer(model, 2, dtype).log_likelihoods(prompts, {}, StopFlag());
    };
    const auto expect_equal = [&](const eval::Evaluation& actual, const eval::Evaluation& expected) {
      EXPECT_GT(expected.num_tokens, 0);
      EXPECT_EQ(actual.num_tokens, expected.num_tokens);
      EXPECT_NEAR(actual.bits_per_byte, expected.bits_per_byte, expected.bits_per_byte * test::tolerance_of(dtype));
    };
    expect_equal(validate(mps), validate(cpu));
    expect_equal(score_documents(mps), score_documents(cpu));
    const auto actual = answer(mps), expected = answer(cpu);
    for (size_t i = 0; i < expected.size(); ++i)
      for (size_t j = 0; j < expected[i].size(); ++j)
        EXPECT_NEAR(actual[i][j], expected[i][j], std::abs(expected[i][j]) * test::tolerance_of(dtype));
  }
}

}  // namespace
}  // namespace ktlm
