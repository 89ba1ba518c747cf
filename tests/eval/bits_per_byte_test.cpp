#include "ktlm/eval/bits_per_byte.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "error_message.h"
#include "eval_fixtures.h"
#include "ktlm/data/token_writer.h"
#include "ktlm/tokenizer/chat_template.h"

namespace ktlm::eval {
namespace {

using test::expect_matches;
using test::random_model;
using test::small_corpus;
using test::small_tokenizer;
using test::Sum;
using test::sum_of_windows;
using tokenizer::TokenId;

const data::TokenDataset& val_dataset() {
  static const data::TokenDataset dataset =
      data::open_or_build_token_datasets(small_corpus().corpus, small_tokenizer(), 0, {}, StopFlag()).val;
  return dataset;
}

std::vector<int64_t> first_tokens(const data::TokenDataset& dataset, int64_t count) {
  std::vector<int64_t> ids(static_cast<size_t>(count));
  dataset.copy(0, ids);
  return ids;
}

Evaluation evaluate_val(int64_t batch_size, int64_t max_tokens) {
  return evaluate(random_model(), val_dataset(), small_tokenizer(), batch_size, max_tokens, at::kFloat, StopFlag());
}

// Dialogues so short that several share the model's window of 24 tokens.
std::vector<std::vector<TokenId>> short_dialogues() {
  std::vector<std::vector<TokenId>> dialogues;
  for (const char* answer : {"네", "강", "산이", "봄이 오면", "눈"})
    dialogues.push_back(tokenizer::encode_chat(small_tokenizer(), {{{"user", "?"}, {"assistant", answer}}}, false));
  return dialogues;
}

// The obvious way: each dialogue alone, each token of its answer by itself.
TEST(EvaluateAnswers, MatchesTheLossOfEachTokenOfEachDialogueAlone) {
  const at::NoGradGuard no_grad;
  const test::TemporaryDirectory directory;
  data::TokenWriter writer(directory / "chat.tokens", {small_tokenizer().vocab_size(), "t", "c"});
  Sum expected;
  for (const auto& dialogue : short_dialogues()) {
    writer.add_document(dialogue, 0);
    const std::vector<int64_t> ids(dialogue.begin(), dialogue.end());
    const auto answer = tokenizer::find_answers(small_tokenizer(), ids).at(0);
    for (int64_t t = answer.begin; t < answer.end; ++t) {
      const auto before = at::tensor(std::vector<int64_t>(ids.begin(), ids.begin() + t), at::kLong).unsqueeze(0);
      const auto logits = random_model().logits(random_model().hidden_states(before))[0][-1];
      const int64_t id = ids[static_cast<size_t>(t)];
      expected.nats -= at::log_softmax(logits.to(at::kDouble), 0)[id].item<double>();
      expected.num_tokens += 1;
      expected.num_bytes += static_cast<int64_t>(small_tokenizer().token_bytes(static_cast<TokenId>(id)).size());
    }
  }
  writer.commit();
  const auto dataset = data::TokenDataset::open(directory / "chat.tokens");
  const data::DialogueWindows windows(dataset, small_tokenizer(), random_model().config().max_seq_len);
  ASSERT_EQ(windows.counts().dialogues, 5);
  ASSERT_LT(windows.num_windows(), 5) << "some share a window";
  for (const int64_t batch_size : {1, 2, 8})
    expect_matches(evaluate_answers(random_model(), windows, small_tokenizer(), batch_size, 0, at::kFloat, StopFlag()),
                   expected);
  for (const int64_t batch_size : {1, 2, 8}) {  // the same few windows, whatever the batch
    const auto few =
        evaluate_answers(random_model(), windows, small_tokenizer(), batch_size, 1, at::kFloat, StopFlag());
    EXPECT_LT(few.num_tokens, expected.num_tokens);
    EXPECT_EQ(few.num_tokens,
              evaluate_answers(random_model(), windows, small_tokenizer(), 1, 1, at::kFloat, StopFlag()).num_tokens);
  }
}

TEST(Evaluate, MatchesTheLossOfEachTokenByItself) {
  const int64_t num_targets = 301;  // twelve and a half windows of 24
  ASSERT_GT(val_dataset().num_tokens(), num_targets + 1);
  expect_matches(evaluate_val(4, num_targets), sum_of_windows(first_tokens(val_dataset(), num_targets + 1)));
}

TEST(Evaluate, CountsEveryTextTokenOfTheDatasetOnceAndNoControlToken) {
  const auto evaluation = evaluate_val(8, 0);
  Sum expected;
  for (const int64_t id : first_tokens(val_dataset(), val_dataset().num_tokens())) {
    const auto bytes = static_cast<int64_t>(small_tokenizer().token_bytes(static_cast<TokenId>(id)).size());
    expected.num_tokens += bytes > 0;
    expected.num_bytes += bytes;
  }
  ASSERT_LT(expected.num_tokens, val_dataset().num_tokens());
  EXPECT_EQ(evaluation.num_tokens, expected.num_tokens);  // the dataset's first token, no target, is <s>
  EXPECT_EQ(evaluation.num_bytes, expected.num_bytes);
  EXPECT_EQ(evaluation.num_bytes, val_dataset().text_bytes());
}

TEST(Evaluate, DoesNotDependOnTheBatchSize) {
  const auto expected = evaluate_val(1, 700);
  for (const int64_t batch_size : {2, 7, 1000}) {
    const auto evaluation = evaluate_val(batch_size, 700);
    EXPECT_EQ(evaluation.num_tokens, expected.num_tokens);
    EXPECT_NEAR(evaluation.loss, expected.loss, 1e-5 * expected.loss) << batch_size;
  }
}

TEST(Evaluate, AModelThatKnowsNothingLosesTheLogarithmOfItsVocabulary) {
  const auto model = random_model(small_tokenizer().vocab_size());
  for (const auto& parameter : model.parameters()) at::Tensor(parameter.tensor).zero_();
  const auto evaluation = evaluate(model, val_dataset(), small_tokenizer(), 4, 200, at::kFloat, StopFlag());
  EXPECT_NEAR(evaluation.loss, std::log(small_tokenizer().vocab_size()), 1e-5);
  EXPECT_NEAR(evaluation.perplexity, static_cast<double>(small_tokenizer().vocab_size()), 0.01);
}

TEST(Evaluate, Bf16ComesNearFp32) {
  const auto model = model::LanguageModel(random_model().config(), at::kCPU, at::kFloat, 3);
  const auto fp32 = evaluate(model, val_dataset(), small_tokenizer(), 4, 500, at::kFloat, StopFlag());
  const auto bf16 = evaluate(model, val_dataset(), small_tokenizer(), 4, 500, at::kBFloat16, StopFlag());
  EXPECT_NE(bf16.loss, fp32.loss) << "autocast changed nothing";
  EXPECT_NEAR(bf16.loss, fp32.loss, 0.01 * fp32.loss);
}

TEST(Evaluate, AnEmptyDatasetGivesNoTokens) {
  test::TemporaryDirectory directory;
  data::TokenWriter(directory / "empty.tokens", {800, "t", "c"}).commit();
  const auto dataset = data::TokenDataset::open(directory / "empty.tokens");
  EXPECT_EQ(evaluate(random_model(), dataset, small_tokenizer(), 4, 0, at::kFloat, StopFlag()).num_tokens, 0);
}

TEST(Evaluate, StopsWhenAsked) {
  StopFlag stop;
  stop.request(2);
  EXPECT_EQ(evaluate(random_model(), val_dataset(), small_tokenizer(), 4, 0, at::kFloat, stop).num_tokens, 0);
}

TEST(Evaluate, RefusesATokenizerThatTheModelCannotHold) {
  const auto model = random_model(100);
  EXPECT_EQ(
      test::error_message([&] { evaluate(model, val_dataset(), small_tokenizer(), 4, 0, at::kFloat, StopFlag()); }),
      "tokenizer has 800 pieces, the model only 100; use the tokenizer that the model was trained with");
}

}  // namespace
}  // namespace ktlm::eval
