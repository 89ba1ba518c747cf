// The prompts are what lm-evaluation-harness 0.4.13 makes of the same examples.
#include "ktlm/eval/kobest.h"

#include <gtest/gtest.h>

#include "error_message.h"

namespace ktlm::eval {
namespace {

using Strings = std::vector<std::string>;

Question question_of(std::string_view task, const Json& line) { return kobest_question(task, line, "a.jsonl:1"); }

TEST(Kobest, AsksBoolqAsTheHarnessDoes) {
  const Question question =
      question_of("kobest_boolq", {{"paragraph", "강은 길다."}, {"question", "강은 짧은가?"}, {"label", 0}});
  EXPECT_EQ(question.context, "강은 길다. 질문: 강은 짧은가? 답변: ");
  EXPECT_EQ(question.choices, (Strings{"아니오", "예"}));
  EXPECT_EQ(question.label, 0);
}

TEST(Kobest, AsksCopaAsTheHarnessDoes) {
  const Json cause = {{"premise", "길이 젖었다."},
                      {"question", "원인"},
                      {"alternative_1", "비가 왔다."},
                      {"alternative_2", "해가 떴다."},
                      {"label", 0}};
  EXPECT_EQ(question_of("kobest_copa", cause).context, "길이 젖었다.  왜냐하면");
  EXPECT_EQ(question_of("kobest_copa", cause).choices, (Strings{"비가 왔다.", "해가 떴다."}));
  Json result = cause;
  result["question"] = " 결과 ";
  EXPECT_EQ(question_of("kobest_copa", result).context, "길이 젖었다.  그래서");
}

TEST(Kobest, AsksHellaswagAsTheHarnessDoes) {
  const Question question = question_of("kobest_hellaswag", {{"context", "공을 던진다."},
                                                             {"ending_1", "받는다."},
                                                             {"ending_2", "친다."},
                                                             {"ending_3", "웃는다."},
                                                             {"ending_4", "간다."},
                                                             {"label", 3}});
  EXPECT_EQ(question.context, "문장: 공을 던진다.");
  EXPECT_EQ(question.choices, (Strings{"받는다.", "친다.", "웃는다.", "간다."}));
  EXPECT_EQ(question.label, 3);
}

TEST(Kobest, AsksSentinegAsTheHarnessDoes) {
  const Question question = question_of("kobest_sentineg", {{"sentence", "좋아요"}, {"label", 1}});
  EXPECT_EQ(question.context, "문장: 좋아요 긍부정:");
  EXPECT_EQ(question.choices, (Strings{"부정", "긍정"}));
}

TEST(Kobest, AsksWicAsTheHarnessDoes) {
  const Json line = {{"word", "배"}, {"context_1", "[배]를 탔다."}, {"context_2", "[배]를 먹었다."}, {"label", 0}};
  EXPECT_EQ(question_of("kobest_wic", line).context,
            "문장1: [배]를 탔다. 문장2: [배]를 먹었다. 두 문장에서 배가 같은 뜻으로 쓰였나?");
  EXPECT_EQ(question_of("kobest_wic", line).choices, (Strings{"아니오", "예"}));
}

TEST(Kobest, TakesOtherNamesOfFieldsAndListsOfChoices) {
  EXPECT_EQ(question_of("kobest_boolq", {{"passage", "강은 길다."}, {"question", "?"}, {"label", 1}}).context,
            "강은 길다. 질문: ? 답변: ");
  const Json copa = {{"premise", "비."}, {"question", "결과"}, {"choices", {"가", "나"}}, {"label", 1}};
  EXPECT_EQ(question_of("kobest_copa", copa).choices, (Strings{"가", "나"}));
}

TEST(Kobest, NamesWhatALineLacks) {
  const auto fault = [](std::string_view task, const Json& line) {
    return test::error_message([&] { question_of(task, line); });
  };
  EXPECT_EQ(fault("kobest_sentineg", {{"label", 0}}), R"(a.jsonl:1: key "sentence" is missing)");
  EXPECT_EQ(fault("kobest_sentineg", {{"sentence", "좋다"}}), R"(a.jsonl:1: key "label" is missing)");
  EXPECT_EQ(fault("kobest_sentineg", {{"sentence", "좋다"}, {"label", 2}}),
            R"(a.jsonl:1: key "label" should be from 0 to 1, is 2)");
  EXPECT_EQ(fault("kobest_copa", {{"premise", "비."}, {"question", "왜"}, {"label", 0}}),
            R"(a.jsonl:1: key "question" should be "원인" or "결과", is "왜")");
  EXPECT_EQ(fault("kobest_copa", {{"premise", "비."}, {"question", "결과"}, {"choices", {"가"}}, {"label", 0}}),
            R"(a.jsonl:1: key "choices" should be a list of 2 strings, is ["가"])");
}

}  // namespace
}  // namespace ktlm::eval
