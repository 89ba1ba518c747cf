#include "ktlm/generate/cpu_token_model.h"

#include <gtest/gtest.h>

#include "generate/tiny_model.h"
#include "ktlm/generate/chat_session.h"
#include "ktlm/generate/generator.h"
#include "ktlm/generate/inference_models.h"

namespace ktlm::generate {
namespace {

using cpu_model::CpuModel;
using cpu_model::WeightFormat;
using test::greedy;
using test::TinyModel;
using test::wild;

// The tiny model with weights that bf16 holds, so that both engines have the same.
const model::LanguageModel& reference() {
  static const model::LanguageModel model = [] {
    auto rounded = test::make_tiny_model(TinyModel::get().tokenizer.vocab_size());
    const at::NoGradGuard no_grad;
    for (const auto& parameter : rounded.parameters()) parameter.tensor.copy_(parameter.tensor.to(at::kBFloat16));
    return rounded;
  }();
  return model;
}

CpuModel make_model(WeightFormat format) {
  CpuModel::Tensors tensors;
  for (const auto& [name, tensor] : reference().parameters())
    tensors[name] = {"F32",
                     tensor.sizes().vec(),
                     {static_cast<const std::byte*>(tensor.const_data_ptr()), static_cast<size_t>(tensor.nbytes())}};
  return {reference().config(), tensors, format, 2, "tiny"};
}

std::vector<Generation> run(const TokenModel& model, const std::vector<std::string>& prompts,
                            const SamplingConfig& sampling) {
  return generate(model, TinyModel::get().tokenizer, prompts, {sampling, {}});
}

TEST(CpuTokenModel, GreedyTokensAreTheReferences) {
  CpuModel model = make_model(WeightFormat::kBf16);
  for (const std::string prompt : {"서울은", "고양이는 낮에", "안녕하세요?", ""})
    EXPECT_EQ(run(CpuTokenModel(model), {prompt}, greedy(40)).front().ids,
              run(InferenceModels(reference()), {prompt}, greedy(40)).front().ids)
        << prompt;
}

TEST(CpuTokenModel, ABatchOfUnequalPromptsEqualsSingleRuns) {
  CpuModel cpu_model = make_model(WeightFormat::kInt8);
  const CpuTokenModel model(cpu_model);
  const std::vector<std::string> prompts = {"서울은 한강을 끼고 있는", "", "개", "안녕하세요? 오늘은"};
  const auto together = run(model, prompts, wild(1, 30));
  for (size_t i = 0; i < prompts.size(); ++i) {
    const auto alone = run(model, {prompts[i]}, wild(1 + static_cast<int64_t>(i), 30)).front();
    EXPECT_EQ(together[i].ids, alone.ids) << i;
    EXPECT_EQ(to_string(together[i].finish), to_string(alone.finish)) << i;
  }
}

TEST(CpuTokenModel, ATextThatHasEndedLeavesTheOthersAsTheyAre) {
  CpuModel cpu_model = make_model(WeightFormat::kInt8);
  const CpuTokenModel model(cpu_model);
  const auto context = model.make_context(2, 20), alone = model.make_context(1, 20);
  const std::vector<std::vector<int32_t>> prompts = {{5, 6, 7}, {8, 9}};
  context->prefill(prompts);
  alone->prefill({&prompts[1], 1});
  const NextLogits next = context->step(std::vector<int32_t>{TokenContext::kNoToken, 11});
  EXPECT_TRUE(next[0].empty());
  const std::span<float> expected = alone->step(std::vector<int32_t>{11})[0];
  ASSERT_NE(next[1].data(), expected.data());
  EXPECT_TRUE(std::equal(next[1].begin(), next[1].end(), expected.begin(), expected.end()));
  EXPECT_EQ(context->length(), 3);
}

TEST(CpuTokenModel, ADialogueIsTheReferences) {
  CpuModel model = make_model(WeightFormat::kBf16);
  ChatSession session(CpuTokenModel(model), TinyModel::get().tokenizer),
      expected(InferenceModels(reference()), TinyModel::get().tokenizer);
  for (const char* message : {"안녕하세요?", "ㅋㅋ", "봄에는 비가 온다."})
    EXPECT_EQ(session.ask(message, greedy(12)).text, expected.ask(message, greedy(12)).text) << message;
  EXPECT_GT(session.stats().reused_tokens, 0);
}

}  // namespace
}  // namespace ktlm::generate
