#include "ktlm/eval/bits_per_byte.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "error_message.h"
#include "ktlm/data/token_writer.h"
#include "ktlm/tokenizer/chat_template.h"
#include "small_corpus.h"

namespace ktlm::eval {
namespace {

using tokenizer::TokenId;

const test::SmallCorpus& small_corpus() {
  static const test::SmallCorpus corpus(100);
  return corpus;
}

const tokenizer::Tokenizer& small_tokenizer() { return small_corpus().tokenizer; }

const data::TokenDataset& val_dataset() {
  static const data::TokenDataset dataset =
      data::open_or_build_token_datasets(small_corpus().corpus, small_tokenizer(), {}, StopFlag()).val;
  return dataset;
}

// Random weights, so large that its guesses are far from even.
model::LanguageModel random_model(int64_t vocab_size) {
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

const model::LanguageModel& random_model() {
  static const model::LanguageModel model = random_model(small_tokenizer().vocab_size());
  return model;
}

struct Sum {
  double nats = 0;
  int64_t num_tokens = 0, num_bytes = 0;
};

// The obvious way: each token's loss by itself, from the logits behind everything that its window holds before it.
void add_window(const std::vector<int64_t>& ids, Sum& sum) {
  const at::NoGradGuard no_grad;
  for (size_t t = 1; t < ids.size(); ++t) {
    const auto bytes = static_cast<int64_t>(small_tokenizer().token_bytes(static_cast<TokenId>(ids[t])).size());
    if (bytes == 0) continue;
    const std::vector<int64_t> before(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(t));
    const auto input = at::tensor(before, at::kLong).unsqueeze(0);
    const auto logits = random_model().logits(random_model().hidden_states(input))[0][-1];
    sum.nats -= at::log_softmax(logits.to(at::kDouble), 0)[ids[t]].item<double>();
    sum.num_tokens += 1;
    sum.num_bytes += bytes;
  }
}

Sum sum_of_windows(const std::vector<int64_t>& ids) {
  Sum sum;
  const auto step = static_cast<size_t>(random_model().config().max_seq_len);
  for (size_t begin = 0; begin + 1 < ids.size(); begin += step)
    add_window({ids.begin() + static_cast<std::ptrdiff_t>(begin),
                ids.begin() + static_cast<std::ptrdiff_t>(std::min(begin + step + 1, ids.size()))},
               sum);
  return sum;
}

std::vector<int64_t> first_tokens(const data::TokenDataset& dataset, int64_t count) {
  std::vector<int64_t> ids(static_cast<size_t>(count));
  dataset.copy(0, ids);
  return ids;
}

Evaluation evaluate_val(int64_t batch_size, int64_t max_tokens) {
  return evaluate(random_model(), val_dataset(), small_tokenizer(), batch_size, max_tokens, at::kFloat, StopFlag());
}

void expect_matches(const Evaluation& evaluation, const Sum& expected) {
  EXPECT_EQ(evaluation.num_tokens, expected.num_tokens);
  EXPECT_EQ(evaluation.num_bytes, expected.num_bytes);
  const double loss = expected.nats / static_cast<double>(expected.num_tokens);
  EXPECT_NEAR(evaluation.loss, loss, 1e-4 * loss);
  EXPECT_NEAR(evaluation.perplexity, std::exp(loss), 1e-3 * std::exp(loss));
  const double bits_per_byte = expected.nats / std::numbers::ln2 / static_cast<double>(expected.num_bytes);
  EXPECT_NEAR(evaluation.bits_per_byte, bits_per_byte, 1e-4 * bits_per_byte);
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

TEST(EvaluateDocuments, MatchesEachDocumentByItself) {
  std::vector<std::string> texts = {"강물이 흐르고", "",
                                    "봄이 오면 사람들은 서울에 모여 바다를 바라본다. 눈이 내리는 겨울에도 "
                                    "학교까지 걸어서 갔으며, 시장에서 이야기를 나누었다.",
                                    "Linux 커널은 2024년", "뷁 🙂"};
  for (int i = 0; i < 3; ++i) texts[2] += texts[2];  // several windows
  Sum expected;
  for (const auto& text : texts) {
    std::vector<int64_t> ids = {small_tokenizer().bos_id()};
    for (const auto id : small_tokenizer().encode(text)) ids.push_back(id);
    const Sum sum = sum_of_windows(ids);
    expected.nats += sum.nats;
    expected.num_tokens += sum.num_tokens;
    expected.num_bytes += static_cast<int64_t>(text.size());
  }
  for (const int64_t batch_size : {1, 3, 64}) {
    SCOPED_TRACE(batch_size);
    expect_matches(evaluate_documents(random_model(), small_tokenizer(), texts, batch_size, at::kFloat, {}, StopFlag()),
                   expected);
  }
}

TEST(EvaluateDocuments, CountsTheBytesOfTheTextAsGiven) {
  const std::string decomposed = "\u1112\u1161\u11ab";  // 한 in three code points, nine bytes; normalised, three
  const std::vector<std::string> texts = {decomposed};
  EXPECT_EQ(evaluate_documents(random_model(), small_tokenizer(), texts, 4, at::kFloat, {}, StopFlag()).num_bytes, 9);
}

TEST(EvaluateDocuments, StopsWithoutAResult) {
  StopFlag stop;
  stop.request(2);
  const std::vector<std::string> texts = {"강물이 흐르고"};
  EXPECT_EQ(evaluate_documents(random_model(), small_tokenizer(), texts, 4, at::kFloat, {}, stop).num_tokens, 0);
}

}  // namespace
}  // namespace ktlm::eval
