#include "ktlm/generate/inference_models.h"

#include <gtest/gtest.h>

#include "error_message.h"
#include "generate/tiny_model.h"
#include "ktlm/generate/chat_session.h"
#include "ktlm/generate/generator.h"

namespace ktlm::generate {
namespace {

using test::greedy;
using test::TinyModel;
using test::wild;

// Weights so different that a token of the wrong model shows.
model::LanguageModel other_model() {
  auto other = test::make_tiny_model(TinyModel::get().tokenizer.vocab_size());
  const at::NoGradGuard no_grad;
  for (const auto& parameter : other.parameters()) parameter.tensor.neg_();
  return other;
}

std::vector<std::string> texts(const InferenceModels& models, const SamplingConfig& sampling) {
  const std::vector<std::string> prompts = {"서울은", "봄에는 벚꽃이 피고", "안녕"};
  std::vector<std::string> result;
  for (const auto& generation : generate(models, TinyModel::get().tokenizer, prompts, {sampling, {}}))
    result.push_back(generation.text);
  return result;
}

TEST(InferenceModels, TwoCopiesGiveTheTextsOfOne) {
  const auto& tiny = TinyModel::get();
  const auto copy = test::make_tiny_model(tiny.tokenizer.vocab_size());
  for (const auto& sampling : {greedy(30), wild(5, 30)})
    EXPECT_EQ(texts({tiny.model, copy, 1}, sampling), texts(tiny.model, sampling));
}

TEST(InferenceModels, PromptsGoThroughThePromptModelFromTheLengthOn) {
  const auto& tiny = TinyModel::get();
  const auto other = other_model();
  const auto ids = at::arange(5, 15, at::kLong).unsqueeze(0);  // (1, 10)
  const auto logits = [&](const InferenceModels& models) {
    model::KvCache cache(tiny.model.config(), 1, 20, at::kCPU, at::kFloat);
    return prefill(models, ids, cache);
  };
  EXPECT_TRUE(at::equal(logits({other, tiny.model, 10}), logits(other)));
  EXPECT_TRUE(at::equal(logits({other, tiny.model, 11}), logits(tiny.model)));
}

TEST(InferenceModels, LogitsBeyondFp16NameWiderDtypes) {
  const auto& tiny = TinyModel::get();
  model::LanguageModel half(tiny.model.config(), at::kCPU, at::kHalf, 3);
  {
    const at::NoGradGuard no_grad;
    half.parameters().back().tensor.fill_(60'000);  // the last norm's or the output layer's
  }
  const std::vector<std::vector<int32_t>> prompts = {{5, 6}};
  const auto context = InferenceModels(half).make_context(1, 20);
  EXPECT_EQ(test::error_message([&] { context->prefill(prompts); }),
            "the model's logits are no finite numbers in fp16, which holds none beyond 65504, too few for many models: "
            "take --dtype bf16 or fp32");
}

TEST(InferenceModels, ACopiedTextGoesOnAsTheOne) {
  const auto context = InferenceModels(TinyModel::get().model).make_context(3, 20);
  const std::vector<std::vector<int32_t>> prompts = {{5, 6}, {7, 8, 9, 10}};  // the first one is padded
  context->prefill(prompts);
  context->copy_text(0, 2);
  for (const int32_t id : {11, 12}) {
    const NextLogits next = context->step(std::vector<int32_t>{id, 20, id});
    EXPECT_TRUE(std::equal(next[0].begin(), next[0].end(), next[2].begin(), next[2].end()));
    EXPECT_FALSE(std::equal(next[0].begin(), next[0].end(), next[1].begin(), next[1].end()));
  }
}

TEST(InferenceModels, ABeamSearchFindsTheSameAloneAndAmongOtherRequests) {
  const auto& tiny = TinyModel::get();
  std::vector<GenerationRequest> requests(2);
  requests[0] = {"서울은", {.sampling = greedy(8), .beam = {.beams = 4}}};
  requests[1] = {"봄에는 벚꽃이", {.sampling = wild(1, 8)}};
  const auto together = generate(InferenceModels(tiny.model), tiny.tokenizer, requests);
  const auto alone = generate(InferenceModels(tiny.model), tiny.tokenizer, {&requests[0], 1}).front();
  EXPECT_EQ(together[0].ids, alone.ids);
  // Token by token with a cache, or the whole text at once: the same text is as likely.
  std::vector<int32_t> text = encode_prompt(tiny.tokenizer, "서울은");
  double logprob = 0;
  for (const int32_t id : alone.ids) {
    const auto context = InferenceModels(tiny.model).make_context(1, 64);
    logprob += token_logprobs(context->prefill({&text, 1}).front(), id, 0).logprob;
    text.push_back(id);
  }
  if (alone.finish == FinishReason::kLength) {
    EXPECT_NEAR(alone.score, logprob / 8, 1e-4);
  }
}

TEST(InferenceModels, AnErrorOfLibtorchIsOneLine) {
  const auto context = InferenceModels(TinyModel::get().model).make_context(1, 10);
  const std::vector<int32_t> beyond = {1'000'000};
  EXPECT_EQ(test::error_message([&] { context->prefill({&beyond, 1}); }), "libtorch: index out of range in self");
  EXPECT_EQ(test::error_message([&] { context->step(beyond); }), "libtorch: index out of range in self");
}

TEST(InferenceModels, AnswersOfSeveralTurnsAreThoseOfOneModel) {
  const auto& tiny = TinyModel::get();
  const auto copy = test::make_tiny_model(tiny.tokenizer.vocab_size());
  const InferenceModels both(tiny.model, copy, 4);
  ChatSession plain(InferenceModels(tiny.model), tiny.tokenizer), split(both, tiny.tokenizer);
  for (const char* message : {"안녕하세요?", "ㅋㅋ", "봄에는 비가 온다."})
    EXPECT_EQ(split.ask(message, greedy(12)).text, plain.ask(message, greedy(12)).text) << message;
}

}  // namespace
}  // namespace ktlm::generate
