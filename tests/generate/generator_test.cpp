#include "ktlm/generate/generator.h"

#include <gtest/gtest.h>

#include <set>

#include "error_message.h"
#include "ktlm/generate/inference_models.h"
#include "ktlm/generate/sampling.h"
#include "ktlm/text/utf8.h"
#include "tiny_model.h"

namespace ktlm::generate {
namespace {

using test::error_message;
using test::greedy;
using test::TinyModel;
using test::wild;

std::vector<Generation> run(std::vector<std::string> prompts, const SamplingConfig& sampling,
                            std::vector<std::string> stop_strings = {}, const TextCallback& on_text = nullptr,
                            GenerationStats* stats = nullptr) {
  const TinyModel& tiny = TinyModel::get();
  return generate(InferenceModels(tiny.model), tiny.tokenizer, prompts, {sampling, std::move(stop_strings)}, on_text,
                  stats);
}

// The obvious version: the whole text through the model for every token.
std::vector<int32_t> greedy_without_cache(const std::string& prompt, int64_t max_new_tokens) {
  const TinyModel& tiny = TinyModel::get();
  const at::NoGradGuard no_grad;
  std::vector<int32_t> ids = encode_prompt(tiny.tokenizer, prompt);
  const size_t prompt_size = ids.size();
  while (static_cast<int64_t>(ids.size() - prompt_size) < max_new_tokens) {
    const at::Tensor input = at::tensor(std::vector<int64_t>(ids.begin(), ids.end()), at::kLong).unsqueeze(0);
    const at::Tensor logits = tiny.model.logits(tiny.model.hidden_states(input));  // (1, T, V)
    const auto id = logits.select(1, -1).argmax().item<int64_t>();
    if (id == tiny.tokenizer.eos_id() || id == tiny.tokenizer.control_id(tokenizer::kImEnd)) break;
    ids.push_back(static_cast<int32_t>(id));
  }
  return {ids.begin() + static_cast<std::ptrdiff_t>(prompt_size), ids.end()};
}

void expect_equal(const Generation& a, const Generation& b) {
  EXPECT_EQ(a.ids, b.ids);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(to_string(a.finish), to_string(b.finish));
}

TEST(Generate, TemperatureZeroEqualsArgmaxWithoutCache) {
  for (const std::string prompt : {"서울은", "고양이는 낮에", ""})
    EXPECT_EQ(run({prompt}, greedy(40)).front().ids, greedy_without_cache(prompt, 40)) << prompt;
}

TEST(Generate, TheSameSeedGivesTheSameText) {
  expect_equal(run({"봄에는"}, wild(4, 30)).front(), run({"봄에는"}, wild(4, 30)).front());
  EXPECT_NE(run({"봄에는"}, wild(4, 30)).front().ids, run({"봄에는"}, wild(5, 30)).front().ids);
}

TEST(Generate, BatchEqualsSingleRuns) {
  const std::vector<std::string> prompts = {"서울은 한강을 끼고 있는", "", "개", "안녕하세요? 오늘은 날씨가 참", "개"};
  for (const SamplingConfig& sampling : {greedy(24), wild(9, 24)}) {
    const auto batch = run(prompts, sampling);
    for (size_t i = 0; i < prompts.size(); ++i) {
      SamplingConfig single = sampling;
      single.seed += static_cast<int64_t>(i);
      expect_equal(batch[i], run({prompts[i]}, single).front());
    }
  }
}

TEST(Generate, BatchThatFillsTheContextEqualsSingleRuns) {
  const std::vector<std::string> prompts = {"개", test::tiny_texts()[1], "눈"};
  const auto batch = run(prompts, greedy(0));
  for (size_t i = 0; i < prompts.size(); ++i) expect_equal(batch[i], run({prompts[i]}, greedy(0)).front());
}

TEST(Generate, PiecesAreValidUtf8AndTogetherTheText) {
  const TinyModel& tiny = TinyModel::get();
  bool broken_bytes_came = false;
  for (int64_t seed = 0; seed < 30; ++seed) {
    std::string streamed;
    const auto generation = run({"컴퓨터는"}, wild(seed, 60), {}, [&](size_t, std::string_view piece) {
                              EXPECT_TRUE(text::is_valid_utf8(piece));
                              streamed += piece;
                              return true;
                            }).front();
    std::string bytes;
    for (const int32_t id : generation.ids) bytes += tiny.tokenizer.token_bytes(id);
    broken_bytes_came |= !text::is_valid_utf8(bytes);
    EXPECT_EQ(streamed, generation.text);
    EXPECT_EQ(generation.text, text::repair_utf8(bytes));
  }
  EXPECT_TRUE(broken_bytes_came) << "the test saw no byte tokens at work";
}

TEST(Generate, TextIsWhatTheTokenizerDecodes) {
  const TinyModel& tiny = TinyModel::get();
  for (const std::string& prompt : test::tiny_texts()) {
    const std::vector<int32_t> prompt_ids = encode_prompt(tiny.tokenizer, prompt);
    const Generation generation = run({prompt}, greedy(20)).front();
    std::vector<int32_t> all = prompt_ids;
    all.insert(all.end(), generation.ids.begin(), generation.ids.end());
    EXPECT_EQ(text::repair_utf8(tiny.tokenizer.decode(all)), tiny.tokenizer.decode(prompt_ids) + generation.text);
  }
}

TEST(Generate, StopStringAcrossTokensEndsTheTextBeforeIt) {
  const Generation whole = run({"할머니는"}, wild(2, 50)).front();
  const TinyModel& tiny = TinyModel::get();
  // From the middle of one token to the middle of a later one, at borders of characters.
  std::vector<size_t> starts;
  for (size_t i = 0; i < whole.text.size(); ++i)
    if ((static_cast<unsigned char>(whole.text[i]) & 0xC0) != 0x80) starts.push_back(i);
  ASSERT_GT(starts.size(), 20u);
  const std::string stop = whole.text.substr(starts[10], starts[16] - starts[10]);
  std::string streamed;
  const Generation cut = run({"할머니는"}, wild(2, 50), {"없는 말", stop}, [&](size_t, std::string_view piece) {
                           streamed += piece;
                           return true;
                         }).front();
  EXPECT_EQ(cut.text, whole.text.substr(0, whole.text.find(stop)));
  EXPECT_EQ(streamed, cut.text);
  EXPECT_EQ(to_string(cut.finish), "stop");
  EXPECT_LT(cut.ids.size(), whole.ids.size());
  EXPECT_GT(tiny.tokenizer.encode(stop).size(), 1u);
}

TEST(Generate, EndOfTextEndsTheTextAndLeavesNoTrace) {
  const TinyModel& tiny = TinyModel::get();
  std::set<std::string_view> reasons;
  for (int64_t seed = 0; seed < 12; ++seed) {
    const Generation generation = run({"봄"}, wild(seed, 100)).front();
    reasons.insert(to_string(generation.finish));
    for (const int32_t id : generation.ids) {
      EXPECT_NE(id, tiny.tokenizer.eos_id());
      EXPECT_NE(id, tiny.tokenizer.control_id(tokenizer::kImEnd));
    }
    EXPECT_EQ(generation.ids.size() == 100, generation.finish == FinishReason::kLength);
  }
  EXPECT_EQ(reasons, (std::set<std::string_view>{"eos", "length"}));
}

TEST(Generate, ZeroMaxNewTokensGoesOnToTheEndOfTheContext) {
  const TinyModel& tiny = TinyModel::get();
  for (int64_t seed = 0; seed < 20; ++seed) {
    const Generation generation = run({"개"}, wild(seed, 0)).front();
    if (generation.finish == FinishReason::kEndOfText) continue;
    EXPECT_EQ(to_string(generation.finish), "context");
    const size_t prompt_size = encode_prompt(tiny.tokenizer, "개").size();
    // The last token drawn needs no room: nothing comes after it.
    EXPECT_EQ(prompt_size + generation.ids.size(), 128u + 1);
    return;
  }
  FAIL() << "every text ended by itself";
}

TEST(Generate, CallbackStopsARow) {
  int pieces = 0;
  const auto generations =
      run({"개", "눈"}, wild(1, 50), {}, [&](size_t row, std::string_view) { return row == 1 || ++pieces < 3; });
  EXPECT_EQ(to_string(generations[0].finish), "interrupted");
  EXPECT_NE(to_string(generations[1].finish), "interrupted");
  EXPECT_LT(generations[0].ids.size(), 50u);
}

TEST(Generate, StatsCountTokensWithoutPadding) {
  const TinyModel& tiny = TinyModel::get();
  GenerationStats stats;
  const auto generations = run({"개", "서울은 한강을"}, greedy(10), {}, nullptr, &stats);
  const size_t prompt_tokens =
      encode_prompt(tiny.tokenizer, "개").size() + encode_prompt(tiny.tokenizer, "서울은 한강을").size();
  EXPECT_EQ(stats.prefill_tokens, static_cast<int64_t>(prompt_tokens));
  // Each token drawn but a row's last goes through the model.
  int64_t expected = 0;
  for (const Generation& generation : generations)
    expected += static_cast<int64_t>(generation.ids.size()) - (generation.finish == FinishReason::kLength ? 1 : 0);
  EXPECT_EQ(stats.decode_tokens, expected);
  EXPECT_GT(stats.prefill_seconds, 0);
  EXPECT_GT(stats.decode_seconds, 0);
}

TEST(Generate, PromptThatFillsTheContextGivesOneToken) {
  const TinyModel& tiny = TinyModel::get();
  std::string prompt;
  while (encode_prompt(tiny.tokenizer, prompt).size() < 128) prompt += "\n";
  EXPECT_EQ(run({prompt}, wild(0, 10)).front().ids.size(), 1u);
}

TEST(Generate, PromptLongerThanTheContextIsAnErrorWithNumbers) {
  const TinyModel& tiny = TinyModel::get();
  std::string prompt;
  while (encode_prompt(tiny.tokenizer, prompt).size() < 140) prompt += "\n";
  EXPECT_EQ(error_message([&] { run({prompt}, greedy(1)); }),
            "the prompt has 140 tokens, but the model's context holds 128; shorten it by at least 12 tokens");
  EXPECT_EQ(error_message([&] {
              run({"개", prompt}, greedy(1));
            }),
            "prompt 2 has 140 tokens, but the model's context holds 128; shorten it by at least 12 tokens");
}

TEST(Generate, TokenizerOfAnotherVocabularyIsAnError) {
  const TinyModel& tiny = TinyModel::get();
  const model::LanguageModel model = test::make_tiny_model(300);
  EXPECT_EQ(error_message([&] { generate_text(InferenceModels(model), tiny.tokenizer, "개", greedy(1)); }),
            tiny.tokenizer.directory().string() +
                ": the model knows 300 tokens, the tokenizer 384; use the tokenizer that the model was trained with");
}

TEST(Generate, TokensWithoutAPieceAreNeverDrawn) {
  const TinyModel& tiny = TinyModel::get();
  const model::LanguageModel padded = test::make_tiny_model(448);  // of which the tokenizer has 384
  GenerationOptions options = {.sampling = test::wild(1, 60), .stop_strings = {}};
  const std::string prompt = "서울은";
  for (const double temperature : {0.0, 3.0}) {
    options.sampling.temperature = temperature;
    const auto generations = generate(InferenceModels(padded), tiny.tokenizer, {&prompt, 1}, options);
    for (const int32_t id : generations.front().ids) EXPECT_LT(id, 384);
  }
}

TEST(GenerateText, LeavesAModelReadyForTraining) {
  const TinyModel& tiny = TinyModel::get();
  model::LanguageModel model = test::make_tiny_model(tiny.tokenizer.vocab_size());
  EXPECT_EQ(generate_text(InferenceModels(model), tiny.tokenizer, "서울은", greedy(8)),
            run({"서울은"}, greedy(8)).front().text);
  model.set_requires_grad(true);
  const at::Tensor ids = at::randint(384, {1, 16}, at::kLong);
  generate_text(InferenceModels(model), tiny.tokenizer, "서울은", greedy(8));
  model.loss(ids, ids).backward();
  for (const model::NamedParameter& parameter : model.parameters()) EXPECT_TRUE(parameter.tensor.grad().defined());
}

}  // namespace
}  // namespace ktlm::generate
