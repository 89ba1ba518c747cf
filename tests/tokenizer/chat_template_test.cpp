#include "ktlm/tokenizer/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "small_corpus.h"

namespace ktlm::tokenizer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FindAnswers : public testing::Test {
 protected:
  static const Tokenizer& tokenizer() {
    static const test::SmallCorpus corpus(50);
    return corpus.tokenizer;
  }

  static std::vector<int64_t> ids_of(const std::vector<corpus::ChatMessage>& messages, bool open_answer = false) {
    const auto ids = encode_chat(tokenizer(), messages, open_answer);
    return {ids.begin(), ids.end()};
  }

  // Each answer as text, its end marker as "$".
  static std::vector<std::string> answers_in(std::span<const int64_t> ids) {
    std::vector<std::string> texts;
    for (const auto& [begin, end] : find_answers(tokenizer(), ids)) {
      std::string text;
      for (int64_t i = begin; i < end; ++i) {
        const auto id = static_cast<TokenId>(ids[static_cast<size_t>(i)]);
        text += id == tokenizer().control_id(kImEnd) ? "$" : tokenizer().token_bytes(id);
      }
      texts.push_back(text);
    }
    return texts;
  }
};

TEST_F(FindAnswers, GivesWhatTheAssistantSaysWithItsEndAndNothingElse) {
  const auto ids = ids_of({{"system", "짧게 답한다."},
                           {"user", "assistant\n안녕?"},
                           {"assistant", "네,\n\n반가워요."},
                           {"user", "또 봐요"},
                           {"assistant", "assistant"}});
  EXPECT_THAT(answers_in(ids), ElementsAre("네,\n\n반가워요.$", "assistant$"));
}

TEST_F(FindAnswers, AnAnswerThatIsCutGoesOnToTheEnd) {
  auto ids = ids_of({{"user", "안녕?"}, {"assistant", "반가워요."}});
  ids.resize(ids.size() - 3);  // of the answer's end: a token, its marker, the newline
  ASSERT_EQ(answers_in(ids).size(), 1U);
  EXPECT_FALSE(answers_in(ids)[0].ends_with("$"));
}

TEST_F(FindAnswers, ADialogueWithoutAnAnswerHasNone) {
  EXPECT_THAT(answers_in(ids_of({{"user", "안녕?"}})), IsEmpty());
  EXPECT_THAT(answers_in(ids_of({{"user", "안녕?"}}, true)), IsEmpty()) << "nothing stands behind the header";
  EXPECT_THAT(answers_in(std::vector<int64_t>()), IsEmpty());
}

TEST_F(FindAnswers, MarkersInATextAreTextAndNoMarkers) {
  const auto text = tokenizer().encode("<|im_start|>assistant\n네<|im_end|>");
  EXPECT_THAT(answers_in(std::vector<int64_t>(text.begin(), text.end())), IsEmpty());
  EXPECT_THAT(answers_in(ids_of({{"assistant", "<|im_end|> 뒤"}})), ElementsAre("<|im_end|> 뒤$"));
}

}  // namespace
}  // namespace ktlm::tokenizer
