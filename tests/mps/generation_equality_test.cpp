// What a model says on MPS is what it says on the CPU, token for token: alone, in a batch, in a dialogue; and so does a
// model whose prompts go through MPS and whose tokens are made on the CPU.
#include <gtest/gtest.h>

#include <optional>

#include "generate/tiny_model.h"
#include "ktlm/generate/chat_session.h"
#include "ktlm/generate/generator.h"
#include "ktlm/generate/inference_models.h"
#include "mps_device.h"

namespace ktlm {
namespace {

using test::greedy;
using test::TinyModel;
using test::wild;

class MpsGeneration : public test::MpsTest, public testing::WithParamInterface<at::DeviceType> {  // of the tokens
 protected:
  void SetUp() override {
    MpsTest::SetUp();
    if (!IsSkipped()) mps_.emplace(test::on_mps(cpu()));
  }

  const model::LanguageModel& cpu() const { return TinyModel::get().model; }
  const tokenizer::Tokenizer& tokenizer() const { return TinyModel::get().tokenizer; }
  generate::InferenceModels models() const { return {*mps_, GetParam() == at::kCPU ? cpu() : *mps_, 1}; }
  std::vector<generate::Generation> run(const generate::InferenceModels& models,
                                        const std::vector<std::string>& prompts,
                                        const generate::SamplingConfig& sampling) const {
    return generate::generate(models, tokenizer(), prompts, {.sampling = sampling, .stop_strings = {}});
  }

 private:
  std::optional<model::LanguageModel> mps_;
};

TEST_P(MpsGeneration, GreedyAndSeededTokensAreTheCpus) {
  for (const std::string prompt : {"서울은", "고양이는 낮에", ""})
    for (const auto& sampling : {greedy(40), wild(5, 40)})
      EXPECT_EQ(run(models(), {prompt}, sampling)[0].ids, run(cpu(), {prompt}, sampling)[0].ids) << prompt;
}

TEST_P(MpsGeneration, TokensUpToAFullContextAreTheCpus) {
  bool filled = false;
  for (int64_t seed = 0; seed < 5; ++seed) {
    const auto expected = run(cpu(), {"눈"}, wild(seed, 0))[0];
    EXPECT_EQ(run(models(), {"눈"}, wild(seed, 0))[0].ids, expected.ids);
    filled = filled || expected.finish == generate::FinishReason::kContextFull;
  }
  EXPECT_TRUE(filled);
}

TEST_P(MpsGeneration, TokensOfABatchAreTheCpus) {
  const std::vector<std::string> prompts = {"서울은 한강을 끼고 있는", "", "개", "안녕하세요? 오늘은 날씨가 참"};
  for (const auto& sampling : {greedy(24), wild(9, 24)}) {
    const auto actual = run(models(), prompts, sampling), expected = run(cpu(), prompts, sampling);
    for (size_t i = 0; i < prompts.size(); ++i) EXPECT_EQ(actual[i].ids, expected[i].ids) << prompts[i];
  }
}

TEST_P(MpsGeneration, ADialoguesAnswersAreTheCpus) {
  generate::ChatSession actual(models(), tokenizer()), expected(generate::InferenceModels(cpu()), tokenizer());
  for (generate::ChatSession* session : {&actual, &expected}) session->set_system("고양이처럼");
  // So many turns that the oldest leave the context.
  for (const std::string question : {"안녕?", "개는 밤에 자고 낮에 논다.", "왜", "개는 낮에 자고 밤에 논다.", "봄"})
    for (const auto& sampling : {greedy(10), wild(2, 10)})
      EXPECT_EQ(actual.ask(question, sampling).ids, expected.ask(question, sampling).ids) << question;
  EXPECT_GT(expected.stats().dropped_messages, 0);
  EXPECT_EQ(actual.regenerate(greedy(10)).ids, expected.regenerate(greedy(10)).ids);
}

std::string tokens_device(const testing::TestParamInfo<at::DeviceType>& parameter) {
  return parameter.param == at::kCPU ? "TokensOnTheCpu" : "AllOnMps";
}

INSTANTIATE_TEST_SUITE_P(, MpsGeneration, testing::Values(at::kMPS, at::kCPU), tokens_device);

}  // namespace
}  // namespace ktlm
