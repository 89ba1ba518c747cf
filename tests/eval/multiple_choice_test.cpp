#include "ktlm/eval/multiple_choice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "error_message.h"
#include "small_corpus.h"

namespace ktlm::eval {
namespace {

const tokenizer::Tokenizer& small_tokenizer() {
  static const test::SmallCorpus corpus(100);
  return corpus.tokenizer;
}

// Says what a test wants, and keeps what it was asked.
class ScriptedScorer : public Scorer {
 public:
  using Say = std::function<double(const Ids&)>;

  ScriptedScorer(int64_t max_seq_len, Say say) : say_(std::move(say)) { config_.max_seq_len = max_seq_len; }

  const model::ModelConfig& config() const override { return config_; }

  std::vector<Prompt> asked;

 protected:
  LogLikelihoods compute(std::span<const Prompt> prompts, const ProgressCallback&, const StopFlag&) override {
    asked.assign(prompts.begin(), prompts.end());
    LogLikelihoods all;
    for (const Prompt& prompt : prompts) {
      all.emplace_back();
      for (const Ids& continuation : prompt.continuations) all.back().push_back(say_(continuation));
    }
    return all;
  }

 private:
  model::ModelConfig config_;
  Say say_;
};

Ids ids_of(const std::string& text) {
  Ids ids = small_tokenizer().encode(text);
  ids.insert(ids.begin(), small_tokenizer().bos_id());
  return ids;
}

double one_nat_a_token(const Ids& ids) { return -static_cast<double>(ids.size()); }

std::vector<Answer> answers_of(Scorer& scorer, const std::vector<Question>& questions) {
  return answer_questions(scorer, small_tokenizer(), questions, {}, StopFlag());
}

TEST(AnswerQuestions, ScoresTheTokensBeyondTheContextsBehindBos) {
  ScriptedScorer scorer(100, one_nat_a_token);
  answers_of(scorer, {{"강물이 흐르고 질문: ", {"산이 높다", "봄이"}, 0, "a:1"}});
  ASSERT_EQ(scorer.asked.size(), 1);
  const Prompt& prompt = scorer.asked[0];
  EXPECT_EQ(prompt.context, ids_of("강물이 흐르고 질문:")) << "spaces at its end go to the choices";
  const Ids whole = ids_of("강물이 흐르고 질문:  봄이");  // that space, and the one between context and choice
  ASSERT_EQ(prompt.continuations.size(), 2);
  EXPECT_EQ(prompt.continuations[1],
            Ids(whole.begin() + static_cast<std::ptrdiff_t>(prompt.context.size()), whole.end()));
}

TEST(AnswerQuestions, ALongContextLosesItsBeginningAsFarAsEachChoiceNeeds) {
  ScriptedScorer scorer(12, one_nat_a_token);
  std::string context = "강물이 흐르고 산이 높다";
  for (int i = 0; i < 3; ++i) context += " " + context;
  answers_of(scorer, {{context, {"봄이", "눈이 내리는 겨울에도"}, 0, "a:1"}});
  ASSERT_EQ(scorer.asked.size(), 2) << "of two contexts";
  const Ids all = ids_of(context);
  for (const Prompt& prompt : scorer.asked) {
    EXPECT_EQ(prompt.context.size() + prompt.continuations.at(0).size(), 13);
    EXPECT_TRUE(std::equal(prompt.context.rbegin(), prompt.context.rend(), all.rbegin()));
  }
}

TEST(AnswerQuestions, TakesTheLikeliestChoiceAndTheLikeliestForItsLength) {
  ScriptedScorer scorer(100, one_nat_a_token);
  const auto answers = answers_of(scorer, {{"산이", {"봄이 오면 사람들은 서울에 모여 바다를 바라본다", "뷁"}, 0, "a:1"},
                                           {"산이", {"봄", "봄"}, 1, "a:2"}});
  ASSERT_GT(scorer.asked[0].continuations[0].size(), scorer.asked[0].continuations[1].size());
  EXPECT_EQ(answers[0].likeliest, 1);
  EXPECT_EQ(answers[0].likeliest_per_character, 0) << "25 characters against one";
  EXPECT_EQ(answers[1].likeliest, 0) << "the first of equal ones";
}

TEST(AnswerQuestions, RefusesWhatIsNoNumber) {
  ScriptedScorer scorer(100, [](const Ids&) { return std::numeric_limits<double>::quiet_NaN(); });
  EXPECT_EQ(
      test::error_message([&] {
        answers_of(scorer, {{"산이", {"가", "나"}, 0, "a:1"}});
      }),
      "the model gives a text no finite probability; its weights are damaged or training broke down: take another "
      "checkpoint");
}

TEST(AnswerQuestions, RefusesAChoiceThatTheModelCannotHold) {
  ScriptedScorer scorer(4, one_nat_a_token);
  const std::string message = test::error_message([&] {
    answers_of(scorer, {{"산이", {"가", "뷁뷁뷁뷁"}, 0, "a:1"}});
  });
  EXPECT_TRUE(message.starts_with("a:1: choice \"뷁뷁뷁뷁\" has ")) << message;
  EXPECT_TRUE(message.ends_with(" tokens, the model's context only 4")) << message;
}

std::vector<Question> questions_with(const std::vector<int64_t>& labels) {
  std::vector<Question> questions;
  for (const int64_t label : labels) questions.push_back({"", {}, label, ""});
  return questions;
}

std::vector<Answer> answers_with(const std::vector<int64_t>& choices) {
  std::vector<Answer> answers;
  for (const int64_t choice : choices) answers.push_back({choice, 0});
  return answers;
}

// Figures of scikit-learn's f1_score(average="macro") and the harness's mean_stderr.
TEST(ChoiceFigures, EqualThoseOfTheHarness) {
  const auto figures = figures_of(questions_with({0, 1, 1, 0, 2, 1, 0}), answers_with({0, 1, 0, 0, 1, 1, 1}));
  EXPECT_EQ(figures.num_questions, 7);
  EXPECT_DOUBLE_EQ(figures.acc.value, 4.0 / 7);
  EXPECT_NEAR(figures.acc.standard_error, 0.20203050891044214, 1e-15);
  EXPECT_DOUBLE_EQ(figures.acc_norm.value, 3.0 / 7);
  EXPECT_NEAR(figures.f1, 0.41269841269841273, 1e-15);
}

TEST(ChoiceFigures, PooledWeighTasksByTheirQuestions) {
  const std::vector<ChoiceFigures> tasks = {figures_of(questions_with({0, 1, 1, 0}), answers_with({0, 1, 0, 0})),
                                            figures_of(questions_with({0, 1}), answers_with({1, 1}))};
  const auto all = pooled(tasks);
  EXPECT_EQ(all.num_questions, 6);
  EXPECT_DOUBLE_EQ(all.acc.value, 4.0 / 6);
  EXPECT_DOUBLE_EQ(all.f1, (4 * tasks[0].f1 + 2 * tasks[1].f1) / 6);
  EXPECT_NEAR(all.acc.standard_error, std::sqrt((0.75 + 0.5) / (6 - 2) / 6), 1e-12);  // squares within tasks
  const auto one = pooled({tasks.data(), 1});
  EXPECT_DOUBLE_EQ(one.acc.standard_error, tasks[0].acc.standard_error);
}

}  // namespace
}  // namespace ktlm::eval
