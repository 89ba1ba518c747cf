// What a model says on MPS is what it says on the CPU, token for token: alone, in a batch, in a dialogue.
#include <gtest/gtest.h>

#include "generate/tiny_model.h"
#include "ktlm/generate/chat_session.h"
#include "ktlm/generate/generator.h"
#include "mps_device.h"

namespace ktlm {
namespace {

using test::greedy;
using test::TinyModel;
using test::wild;

class MpsGeneration : public test::MpsTest {
 protected:
  const TinyModel& tiny() const { return TinyModel::get(); }
  std::vector<generate::Generation> run(const model::LanguageModel& model, const std::vector<std::string>& prompts,
                                        const generate::SamplingConfig& sampling) const {
    return generate::generate(model, tiny().tokenizer, prompts, {.sampling = sampling, .stop_strings = {}});
  }
};

TEST_F(MpsGeneration, GreedyAndSeededTokensAreTheCpus) {
  const model::LanguageModel mps = test::on_mps(tiny().model);
  for (const std::string prompt : {"서울은", "고양이는 낮에", ""})
    for (const auto& sampling : {greedy(40), wild(5, 40)})
      EXPECT_EQ(run(mps, {prompt}, sampling)[0].ids, run(tiny().model, {prompt}, sampling)[0].ids) << prompt;
}

TEST_F(MpsGeneration, TokensUpToAFullContextAreTheCpus) {
  const model::LanguageModel mps = test::on_mps(tiny().model);
  bool filled = false;
  for (int64_t seed = 0; seed < 5; ++seed) {
    const auto expected = run(tiny().model, {"눈"}, wild(seed, 0))[0];
    EXPECT_EQ(run(mps, {"눈"}, wild(seed, 0))[0].ids, expected.ids);
    filled = filled || expected.finish == generate::FinishReason::kContextFull;
  }
  EXPECT_TRUE(filled);
}

TEST_F(MpsGeneration, TokensOfABatchAreTheCpus) {
  const model::LanguageModel mps = test::on_mps(tiny().model);
  const std::vector<std::string> prompts = {"서울은 한강을 끼고 있는", "", "개", "안녕하세요? 오늘은 날씨가 참"};
  for (const auto& sampling : {greedy(24), wild(9, 24)}) {
    const auto actual = run(mps, prompts, sampling), expected = run(tiny().model, prompts, sampling);
    for (size_t i = 0; i < prompts.size(); ++i) EXPECT_EQ(actual[i].ids, expected[i].ids) << prompts[i];
  }
}

TEST_F(MpsGeneration, ADialoguesAnswersAreTheCpus) {
  const model::LanguageModel model = test::on_mps(tiny().model);
  generate::ChatSession mps(model, tiny().tokenizer), cpu(tiny().model, tiny().tokenizer);
  for (generate::ChatSession* session : {&mps, &cpu}) session->set_system("고양이처럼");
  // So many turns that the oldest leave the context.
  for (const std::string question : {"안녕?", "개는 밤에 자고 낮에 논다.", "왜", "개는 낮에 자고 밤에 논다.", "봄"})
    for (const auto& sampling : {greedy(10), wild(2, 10)})
      EXPECT_EQ(mps.ask(question, sampling).ids, cpu.ask(question, sampling).ids) << question;
  EXPECT_GT(cpu.stats().dropped_messages, 0);
  EXPECT_EQ(mps.regenerate(greedy(10)).ids, cpu.regenerate(greedy(10)).ids);
}

}  // namespace
}  // namespace ktlm
