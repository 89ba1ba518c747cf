// ktlm eval with ktlm's own engine, in builds without libtorch too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ktlm/core/json.h"
#include "talk_model_directory.h"

namespace ktlm {
namespace {

using test::ProgramResult;
using testing::HasSubstr;
using testing::Not;

ProgramResult eval(std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.begin(),
                   {KTLM_BINARY, "eval", "-", "-q", "--engine", "own", "--threads", "1", "--model", "model"});
  return test::run_in_talk_directory(arguments, input);
}

// Two documents have no token.
constexpr const char* kLines =
    "{\"text\":\"강\",\"source\":\"위키\"}\n{\"text\":\"\",\"source\":\"빈\"}\n{\"text\":\"\",\"source\":\"빈\"}\n";

TEST(EvalOfNothing, IsADashInTheTable) {
  const ProgramResult result = eval({}, kLines);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out,
              HasSubstr("\n  빈                           2         0       -          -         -        -\n"));
  const ProgramResult two = eval({"--model", "model"}, kLines);
  EXPECT_THAT(two.out, HasSubstr("\nsource 빈                      2        -        -\n"));
  EXPECT_THAT(two.out, HasSubstr("\nsource 빈                     -\n"));
}

TEST(EvalOfNothing, IsNullInJson) {
  const Json nothing = parse_json(eval({"--json"}, kLines).out, "eval").at("by").at("source").at(0);
  EXPECT_EQ(nothing.at("value"), "빈");
  EXPECT_EQ(nothing.at("documents"), 2);
  EXPECT_EQ(nothing.at("tokens"), 0);
  for (const char* figure : {"loss", "perplexity", "bits_per_byte", "bits_per_byte_interval"})
    EXPECT_EQ(nothing.at(figure), nullptr) << figure;
  const Json both = parse_json(eval({"--json", "--model", "model"}, kLines).out, "eval");
  EXPECT_EQ(both.at("differences").at(0).at("by").at("source").at(0).at("bits_per_byte"), nullptr);
  EXPECT_EQ(both.at("differences").at(0).at("total").at("bits_per_byte"), 0.0);
}

TEST(EvalOfDialogues, SaysThatPrepareMakesTextsOfThem) {
  for (const std::string key : {"messages", "conversations"}) {
    const ProgramResult result = eval({}, "{\"" + key + "\":[]}\n");
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "ktlm eval: standard input:1: holds a dialogue (\"" + key +
                              "\"), no text; ktlm prepare makes a text of each, so name the val.jsonl.zst that it "
                              "writes; expected lines of JSON with a \"text\", such as {\"text\":\"...\"}\n");
  }
  const ProgramResult prepared =
      eval({}, R"({"text":"안녕?\n\n안녕하세요.","messages":[{"role":"user","content":"안녕?"}]})"
               "\n");
  EXPECT_EQ(prepared.exit_code, 0) << prepared.err;
}

TEST(EvalTable, ShowsNoControlCharactersOfAName) {
  const ProgramResult result =
      eval({"--by", "source"}, "{\"text\":\"강\",\"source\":\"\\u001b[2J위\\n키\"}\n{\"text\":\"산\"}\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\n  \uFFFD[2J위 키 "));
  EXPECT_THAT(result.out, Not(HasSubstr("\033")));
}

TEST(EvalTask, ThatIsUnknownLeadsToTheNearestOrToAll) {
  const auto fault = [](const std::string& name) {
    const ProgramResult result = eval({"--task", name}, "");
    EXPECT_EQ(result.exit_code, 2);
    return result.err;
  };
  EXPECT_EQ(fault("copa"), "ktlm eval: --task \"copa\" is unknown; did you mean \"kobest_copa\"?\n");
  EXPECT_EQ(fault("kobest_cop"), "ktlm eval: --task \"kobest_cop\" is unknown; did you mean \"kobest_copa\"?\n");
  EXPECT_EQ(fault("mmlu"),
            "ktlm eval: --task \"mmlu\" is unknown; expected one of kobest_boolq, kobest_copa, kobest_hellaswag, "
            "kobest_sentineg, kobest_wic, kobest\n");
}

}  // namespace
}  // namespace ktlm
