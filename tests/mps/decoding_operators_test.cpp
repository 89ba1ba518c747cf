// What generation asks of MPS: no operator that is known to go wrong there, and at most one wait for the device per
// token, or per token of every row of a batch; where the CPU makes the tokens, none.
#include <gmock/gmock.h>

#include <optional>
#include <set>
#include <string>

#include "forbidden_operators.h"
#include "generate/tiny_model.h"
#include "ktlm/generate/chat_session.h"
#include "ktlm/generate/generator.h"
#include "ktlm/generate/inference_models.h"
#include "mps_device.h"
#include "operator_recorder.h"

namespace ktlm {
namespace {

using test::forbidden_calls;
using test::host_syncs;
using test::OperatorCall;
using test::Phase;
using test::record_operators;
using test::TinyModel;
using testing::IsEmpty;

class MpsDecoding : public test::MpsTest {
 protected:
  void SetUp() override {
    MpsTest::SetUp();
    if (IsSkipped()) return;
    model_.emplace(test::on_mps(TinyModel::get().model));
  }

  // Of which none ends early: greedy, and the model of random weights does not fall silent here.
  std::vector<OperatorCall> calls_of(const generate::InferenceModels& models, const std::vector<std::string>& prompts,
                                     int64_t num_tokens) const {
    generate::GenerationStats stats;
    auto calls = record_operators([&] {
      generate::generate(models, TinyModel::get().tokenizer, prompts,
                         {.sampling = test::greedy(num_tokens), .stop_strings = {}}, nullptr, &stats);
    });
    EXPECT_EQ(stats.decode_tokens, static_cast<int64_t>(prompts.size()) * (num_tokens - 1));
    return calls;
  }

  std::optional<model::LanguageModel> model_;
};

const std::vector<std::string> kOnePrompt = {"서울은"};
const std::vector<std::string> kPrompts = {"서울은 한강을 끼고 있는", "개", "안녕하세요? 오늘은 날씨가 참"};

TEST_F(MpsDecoding, WaitsAtMostOncePerToken) {
  for (const auto& prompts : {kOnePrompt, kPrompts}) {
    EXPECT_LE(host_syncs(calls_of(*model_, prompts, 4)).size(), 4u);  // the prompt's own logits among them
    EXPECT_LE(host_syncs(calls_of(*model_, prompts, 20)).size(), 20u);
  }
}

TEST_F(MpsDecoding, OnTheCpuBehindAPromptOnTheDeviceLeavesTheDeviceAlone) {
  const generate::InferenceModels models(*model_, TinyModel::get().model, 1);
  for (const auto& prompts : {kOnePrompt, kPrompts}) {
    const auto of_few = calls_of(models, prompts, 4), of_many = calls_of(models, prompts, 20);
    EXPECT_FALSE(of_few.empty());
    EXPECT_EQ(of_many.size(), of_few.size());
    EXPECT_THAT(forbidden_calls(of_few, Phase::kDecoding), IsEmpty());
  }
}

TEST_F(MpsDecoding, RunsNoForbiddenOperator) {
  for (const auto& prompts : {kOnePrompt, kPrompts})
    EXPECT_THAT(forbidden_calls(calls_of(*model_, prompts, 20), Phase::kDecoding), IsEmpty());
}

// MPS compiles each operator anew for each shape, and keeps that (#132596, #164299).
TEST_F(MpsDecoding, MeetsNoNewShapesWithEachTokenOrQuestion) {
  const auto shapes_of = [&](const std::string& question, int64_t num_tokens) {
    generate::ChatSession session(generate::InferenceModels(*model_), TinyModel::get().tokenizer);
    std::set<std::string> shapes;
    for (const auto& call : record_operators([&] { session.ask(question, test::greedy(num_tokens)); }))
      shapes.insert(call.description());
    EXPECT_EQ(session.stats().last.decode_tokens, num_tokens - 1);
    EXPECT_LE(session.stats().context_tokens, 64);  // within a step of the lengths
    return shapes;
  };
  EXPECT_EQ(shapes_of("봄", 20), shapes_of("봄", 10));
  EXPECT_EQ(shapes_of("안녕? 봄", 10), shapes_of("봄", 10));
}

TEST_F(MpsDecoding, PromptsOfLikeLengthsShareTheirShapes) {
  const auto shapes_of = [&](const std::string& prompt, int64_t num_tokens) {
    std::set<std::string> shapes;
    for (const auto& call : calls_of(*model_, {prompt}, num_tokens)) shapes.insert(call.description());
    return shapes;
  };
  EXPECT_EQ(shapes_of("안녕하세요? 오늘은", 9), shapes_of("개", 20));
}

TEST_F(MpsDecoding, ADialogueKeepsToTheRules) {
  generate::ChatSession session(generate::InferenceModels(*model_), TinyModel::get().tokenizer);
  for (const std::string question : {"안녕?", "봄", "왜"}) {
    const auto calls = record_operators([&] { session.ask(question, test::greedy(10)); });
    EXPECT_THAT(forbidden_calls(calls, Phase::kDecoding), IsEmpty());
    EXPECT_LE(host_syncs(calls).size(), static_cast<size_t>(session.stats().last.decode_tokens + 1));
  }
}

}  // namespace
}  // namespace ktlm
