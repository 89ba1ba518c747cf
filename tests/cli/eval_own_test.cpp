// ktlm eval with ktlm's own engine, in builds without libtorch too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/tokenizer/vocabulary.h"
#include "talk_model_directory.h"
#include "terminal.h"

namespace ktlm {
namespace {

using test::ProgramResult;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

ProgramResult eval(std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.begin(),
                   {KTLM_BINARY, "eval", "-", "-q", "--engine", "own", "--threads", "1", "--model", "model"});
  return test::run_in_talk_directory(arguments, input);
}

std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
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

// A dialogue in each of the forms in which they are published.
const std::vector<std::string> kDialogues = {
    R"({"messages":[{"role":"user","content":"수도는?\n한국"},{"role":"assistant","content":"서울."}]})",
    R"({"conversations":[{"from":"human","value":"수도는?\n한국"},{"from":"gpt","value":"서울."}]})",
    R"({"instruction":"수도는?","input":"한국","output":"서울."})"};

TEST(EvalOfDialogues, MeasuresTheTextThatPrepareMakesOfEachForm) {
  const auto total = [](const std::string& line) {
    const ProgramResult result = eval({"--json"}, line + "\n");
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return parse_json(result.out, "eval").at("total").dump();
  };
  const std::string expected = total(R"({"text":"수도는?\n한국\n서울."})");
  for (const std::string& line : kDialogues) EXPECT_EQ(total(line), expected) << line;
  EXPECT_EQ(total(R"({"text":"수도는?\n한국\n서울.","messages":[{"role":"user","content":"안녕?"}]})"), expected)
      << "a text that is there goes first";
}

TEST(EvalOfDialogues, MeasuresTheAnswersAloneWhereAsked) {
  std::string first;
  for (const std::string& line : kDialogues) {
    const ProgramResult result = eval({"--json", "--answers"}, line + "\n");
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const Json total = parse_json(result.out, "eval").at("total");
    EXPECT_EQ(total.at("bytes"), 7);
    EXPECT_EQ(total.at("documents"), 1);
    if (first.empty()) first = total.dump();
    EXPECT_EQ(total.dump(), first);
  }
}

TEST(EvalOfDialogues, SaysWhatIsNone) {
  const auto fault = [](const std::string& line, std::vector<std::string> arguments = {}) {
    const ProgramResult result = eval(std::move(arguments), line + "\n");
    EXPECT_NE(result.exit_code, 0);
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  const std::string text = "; expected lines of JSON with a \"text\", such as {\"text\":\"...\"}, or dialogues\n";
  EXPECT_EQ(fault(R"({"messages":[]})"),
            "ktlm eval: standard input:1: \"messages\" should be a list of {\"role\", "
            "\"content\"}" +
                text);
  EXPECT_EQ(fault(R"({"conversations":[{"from":"tool","value":"1"}]})"),
            "ktlm eval: standard input:1: message 1: from is \"tool\", expected system, human or gpt" + text);
  EXPECT_EQ(fault(R"({"instruction":"수도는?","output":""})"),
            "ktlm eval: standard input:1: \"output\" is empty" + text);
  EXPECT_EQ(
      fault(R"({"text":"서울"})", {"--answers"}),
      "ktlm eval: standard input:1: is no dialogue, whose answers --answers measures; expected lines of JSON with "
      "\"messages\", \"conversations\", or \"instruction\" and \"output\"\n");
  EXPECT_EQ(fault(R"({"messages":[{"role":"user","content":"안녕?"}]})", {"--answers"}),
            "ktlm eval: standard input: holds no answer to evaluate\n");
  EXPECT_EQ(fault("", {"--answers", "--task", "kobest"}),
            "ktlm eval: --answers measures dialogues, --task asks questions; leave one of them away\n");
}

TEST(EvalTable, ShowsNoControlCharactersOfAName) {
  const ProgramResult result =
      eval({"--by", "source"}, "{\"text\":\"강\",\"source\":\"\\u001b[2J위\\n키\"}\n{\"text\":\"산\"}\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\n  \uFFFD[2J위 키 "));
  EXPECT_THAT(result.out, Not(HasSubstr("\033")));
}

TEST(EvalTable, CutsLongNamesOnATerminalAlone) {
  const std::string name = "a-name-that-is-too-long-for-its-column.jsonl", figures = "         3 ";
  write_file_atomically(test::talk_directory() / name, kLines);
  const std::vector<std::string> arguments = {KTLM_BINARY, "eval", "-q",      "--engine", "own",
                                              "--threads", "1",    "--model", "model",    name};
  const ProgramResult piped = test::run_in_talk_directory(arguments);
  EXPECT_EQ(piped.exit_code, 0) << piped.err;
  EXPECT_THAT(piped.out, StartsWith("file" + std::string(name.size() - 4, ' ') + " documents    tokens "));
  EXPECT_THAT(piped.out, HasSubstr("\n" + name + figures));
  const ProgramResult two = test::run_in_talk_directory(with(arguments, {"--model", "model"}));
  EXPECT_THAT(two.out, HasSubstr("\n" + name + figures));

  if (!test::Terminal::available()) GTEST_SKIP() << "tmux is not installed";
  std::string command;
  for (const std::string& argument : arguments) command += "'" + argument + "' ";
  test::Terminal terminal(command, test::talk_directory(), {.columns = 80, .rows = 24});
  EXPECT_TRUE(terminal.shows("…-for-its-column.jsonl" + figures + ".*"));
}

TEST(EvalVerb, SaysWhichModelItTookWhereNoneWasNamed) {
  const auto notes = [](const std::vector<std::string>& more) {
    return test::run_in_talk_directory(with({KTLM_BINARY, "eval", "-", "--engine", "own", "--threads", "1"}, more),
                                       kLines)
        .err;
  };
  EXPECT_EQ(notes({}), "ktlm eval: runs/random/model on cpu in int8, the newest model\n");
  EXPECT_EQ(notes({"--model", "model"}), "");
  EXPECT_EQ(notes({"--quiet"}), "");
}

TEST(EvalVerb, NamesAModelThatCannotBeMeasuredOnce) {
  const auto directory = test::talk_directory() / "without_ends";
  std::filesystem::copy(test::talk_directory() / "model", directory);
  auto vocabulary = tokenizer::read_vocabulary(directory);
  vocabulary.normalizer_version.reset();
  vocabulary.bos_id = vocabulary.eos_id = -1;
  tokenizer::write_vocabulary(directory, vocabulary, "here");
  const ProgramResult result = test::run_in_talk_directory(
      {KTLM_BINARY, "eval", "-", "-q", "--engine", "own", "--threads", "1", "--model", "without_ends"}, kLines);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err,
            "ktlm eval: without_ends: the tokenizer has no token that begins or ends a text (bos, eos), behind which a "
            "text's first token could be measured; name one in tokenizer_config.json\n");
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
