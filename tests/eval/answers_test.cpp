#include <gtest/gtest.h>

#include "asked_scorer.h"
#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/eval/documents.h"
#include "ktlm/tokenizer/chat_template.h"
#include "temporary_directory.h"

namespace ktlm::eval {
namespace {

namespace fs = std::filesystem;
using Dialogue = std::vector<corpus::ChatMessage>;
using test::AskedScorer;

const fs::path kTokenizer = fs::path(KTLM_TEST_DATA_DIR) / "tokenizer" / "trained";

const Dialogue kDialogue = {{"system", "짧게 답한다."},
                            {"user", "안녕?"},
                            {"assistant", "안녕하세요."},
                            {"user", "수도는?"},
                            {"assistant", "서울이에요."}};

Ids joined(Ids ids, const Ids& more) {
  ids.insert(ids.end(), more.begin(), more.end());
  return ids;
}

TEST(ScoredAnswers, StandBehindAllThatWasSaidBefore) {
  const auto tokenizer = tokenizer::Tokenizer::load(kTokenizer);
  AskedScorer scorer;
  const std::vector<Dialogue> dialogues = {kDialogue, {{"user", "네?"}}};
  const auto scores = score_answers(scorer, tokenizer, dialogues, {}, StopFlag());
  ASSERT_EQ(scorer.asked.size(), 2U);
  ASSERT_EQ(scores.size(), 2U);
  int64_t num_tokens = 0;
  for (const size_t answer : {size_t{2}, size_t{4}}) {
    const Prompt& asked = scorer.asked[answer / 2 - 1];
    const Ids whole = tokenizer::encode_chat(tokenizer, std::span(kDialogue).first(answer + 1), false);
    EXPECT_EQ(asked.context, tokenizer::encode_chat(tokenizer, std::span(kDialogue).first(answer), true));
    // In the end stands the line end behind <|im_end|>, of which nothing is asked.
    EXPECT_EQ(joined(asked.context, asked.continuations[0]), Ids(whole.begin(), whole.end() - 1));
    EXPECT_EQ(asked.continuations[0].back(), tokenizer.control_id(tokenizer::kImEnd));
    num_tokens += static_cast<int64_t>(asked.continuations[0].size());
  }
  EXPECT_EQ(scores[0].num_tokens, num_tokens);
  EXPECT_EQ(scores[0].nats, static_cast<double>(num_tokens));
  EXPECT_EQ(scores[0].num_bytes, static_cast<int64_t>(kDialogue[2].content.size() + kDialogue[4].content.size()));
  EXPECT_EQ(scores[1].num_tokens, 0);
}

TEST(ScoredAnswers, SeeWhatFitsIntoTheContext) {
  const auto tokenizer = tokenizer::Tokenizer::load(kTokenizer);
  const std::vector<Dialogue> dialogues = {kDialogue};
  AskedScorer all, some(3);
  const auto expected = score_answers(all, tokenizer, dialogues, {}, StopFlag());
  const auto scores = score_answers(some, tokenizer, dialogues, {}, StopFlag());
  EXPECT_EQ(scores[0].num_tokens, expected[0].num_tokens);
  EXPECT_EQ(scores[0].nats, expected[0].nats);
  Ids answers, in_parts;
  for (const Prompt& prompt : all.asked) answers = joined(std::move(answers), prompt.continuations[0]);
  for (const Prompt& prompt : some.asked) {
    EXPECT_GE(prompt.context.size(), 1U);
    EXPECT_LE(prompt.context.size() + prompt.continuations[0].size(), 4U);
    in_parts = joined(std::move(in_parts), prompt.continuations[0]);
  }
  EXPECT_EQ(in_parts, answers);
  EXPECT_GT(some.asked.size(), 2U);
}

TEST(ScoredAnswers, OfOtherChatTemplatesAreRefused) {
  const auto tokenizer = tokenizer::Tokenizer::load(fs::path(KTLM_TEST_DATA_DIR) / "tokenizer" / "foreign" / "zephyr");
  AskedScorer scorer;
  const std::vector<Dialogue> dialogues = {{{"user", "네?"}, {"assistant", "네."}}};
  EXPECT_EQ(test::error_message([&] { score_answers(scorer, tokenizer, dialogues, {}, StopFlag()); }),
            tokenizer.directory().string() +
                ": the chat template is another than ChatML, in whose form alone answers are found");
}

}  // namespace
}  // namespace ktlm::eval
