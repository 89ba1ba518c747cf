// ktlm eval through the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "temporary_directory.h"
#include "tiny_model_directory.h"

namespace ktlm {
namespace {

using test::ktlm_with_tiny_model;
using test::ProgramResult;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kTexts = "{\"text\":\"서울은 한강을 끼고 있다.\"}\n{\"text\":\"봄에는 벚꽃이 피고 많다.\"}\n";

TEST(EvalVerb, JsonHoldsTheFiguresOfEachFileAndOfAllTogether) {
  write_file_atomically(test::tiny_model_directory() / "eval.jsonl", kTexts);
  const ProgramResult result =
      ktlm_with_tiny_model({"eval", "eval.jsonl", "-", "--json"}, "{\"text\":\"안녕하세요?\"}\n");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json json = parse_json(result.out, "eval --json");
  const Json &first = json.at("files").at(0), &second = json.at("files").at(1), &total = json.at("total");
  EXPECT_EQ(first.at("file"), "eval.jsonl");
  EXPECT_EQ(first.at("documents"), 2);
  EXPECT_EQ(first.at("bytes"), 68);
  EXPECT_EQ(second.at("file"), "-");
  EXPECT_EQ(second.at("bytes"), 16);
  EXPECT_EQ(total.at("documents"), 3);
  EXPECT_EQ(total.at("bytes"), 84);
  const auto nats = [](const Json& figures) {
    return figures.at("loss").get<double>() * figures.at("tokens").get<double>();
  };
  EXPECT_NEAR(nats(total), nats(first) + nats(second), 1e-6 * nats(total));
  EXPECT_NEAR(total.at("bits_per_byte").get<double>(), nats(total) / std::log(2.0) / 84, 1e-6);
}

TEST(EvalVerb, PrintsATableOfEachFileEachSourceAndAllTogether) {
  const std::string lines =
      "{\"text\":\"서울은 한강을 끼고 있다.\",\"source\":\"위키\"}\n{\"text\":\"봄에는 벚꽃이 피고 "
      "많다.\",\"source\":\"뉴스\"}\n"
      "{\"text\":\"고양이는 낮에 자고 갔다.\",\"source\":\"위키\"}\n";
  write_file_atomically(test::tiny_model_directory() / "a-name-that-is-too-long-for-its-column.jsonl", lines);
  const ProgramResult result =
      ktlm_with_tiny_model({"eval", "a-name-that-is-too-long-for-its-column.jsonl", "-"}, kTexts);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("file" + std::string(40, ' ') +
                                     " documents    tokens    loss perplexity bits/byte    95% ±\n"
                                     "a-name-that-is-too-long-for-its-column.jsonl         3 "));
  EXPECT_THAT(result.out, HasSubstr("\nsource\n  (none)" + std::string(36 + 9, ' ') + "2 "));
  EXPECT_THAT(result.out, HasSubstr("\n  뉴스" + std::string(38 + 9, ' ') + "1 ")) << "two columns a syllable";
  EXPECT_THAT(result.out, HasSubstr("        -\n")) << "no interval for one document";
  EXPECT_THAT(result.out, HasSubstr("\n  위키" + std::string(38 + 9, ' ') + "2 "));
  EXPECT_THAT(result.out, HasSubstr("\ntotal" + std::string(39 + 9, ' ') + "5 "));
}

Json eval_json(std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.begin(), {"eval", "-q", "--json"});
  const ProgramResult result = ktlm_with_tiny_model(arguments, input);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return parse_json(result.out, "eval --json");
}

TEST(EvalVerb, SortsByAnyKeysAndTakesTheFirstLinesAlone) {
  const std::string lines =
      "{\"text\":\"강\",\"year\":2024,\"domain\":\"물\"}\n{\"text\":\"산\",\"year\":2025}\n{\"text\":\"봄\",\"year\":"
      "2024}\n";
  const Json all = eval_json({"-", "--by", "year", "--by", "domain"}, lines);
  const Json &years = all.at("by").at("year"), &domains = all.at("by").at("domain");
  EXPECT_EQ(years.at(0).at("value"), "2024");
  EXPECT_EQ(years.at(0).at("documents"), 2);
  EXPECT_EQ(domains.at(0).at("value"), "(none)");
  EXPECT_EQ(domains.at(1).at("value"), "물");
  EXPECT_EQ(domains.at(1).at("documents"), 1);
  EXPECT_EQ(domains.at(1).at("bits_per_byte_interval"), nullptr) << "of one document";
  EXPECT_EQ(all.at("total").at("bits_per_byte_interval").size(), 2);
  const Json few = eval_json({"-", "--max-documents", "2"}, lines);
  EXPECT_EQ(few.at("total").at("documents"), 2);
  EXPECT_FALSE(few.contains("by"));
}

TEST(EvalVerb, HoldsFurtherModelsAgainstTheFirst) {
  const Json json = eval_json({"-", "--model", "runs/tiny", "--model", "runs/tiny/model"}, kTexts);
  ASSERT_EQ(json.at("models").size(), 2);
  EXPECT_EQ(json.at("models").at(0).at("model"), "runs/tiny/model");
  EXPECT_EQ(json.at("models").at(0).at("total"), json.at("models").at(1).at("total"));
  const Json& difference = json.at("differences").at(0);
  EXPECT_EQ(difference.at("total").at("bits_per_byte"), 0.0);
  EXPECT_EQ(difference.at("total").at("bits_per_byte_interval"), Json::array({0.0, 0.0}));

  const ProgramResult table =
      ktlm_with_tiny_model({"eval", "-", "--model", "runs/tiny", "--model", "runs/tiny/model"}, kTexts);
  EXPECT_THAT(table.out, StartsWith("A  runs/tiny/model\nB  runs/tiny/model\n\n"
                                    "bits/byte              documents        A        B\n"
                                    "-                              2   "));
  EXPECT_THAT(table.out, HasSubstr("\n\ndifference                B - A\n"
                                   "-                       +0.0000 ±0.0000\n"));
}

constexpr const char* kQuestions =
    "{\"task\":\"kobest_copa\",\"premise\":\"길이 젖었다.\",\"question\":\"원인\",\"alternative_1\":\"비가 왔다.\","
    "\"alternative_2\":\"해가 떴다.\",\"label\":0}\n"
    "{\"task\":\"kobest_sentineg\",\"sentence\":\"좋아요\",\"label\":1}\n"
    "{\"task\":\"kobest_sentineg\",\"sentence\":\"싫어요\",\"label\":0}\n";

TEST(EvalVerb, AnswersTheQuestionsOfEachTask) {
  const Json json = eval_json({"--task", "kobest", "-"}, kQuestions);
  EXPECT_EQ(json.at("tasks").at(0).at("task"), "kobest_copa");
  EXPECT_EQ(json.at("tasks").at(0).at("questions"), 1);
  const Json& sentineg = json.at("tasks").at(1);
  EXPECT_EQ(sentineg.at("acc"), 0.5) << "the same choice for both";
  EXPECT_EQ(sentineg.at("acc_stderr"), 0.5);
  EXPECT_NEAR(sentineg.at("f1").get<double>(), 1.0 / 3, 1e-12);
  EXPECT_EQ(json.at("total").at("questions"), 3);

  const ProgramResult table = ktlm_with_tiny_model({"eval", "--task", "kobest", "-"}, kQuestions);
  EXPECT_THAT(table.out, StartsWith("task                   questions      acc    95% ±  acc_norm    95% ±       f1\n"
                                    "kobest_copa                    1   "));
  const ProgramResult both = ktlm_with_tiny_model(
      {"eval", "--task", "kobest", "-", "--model", "runs/tiny", "--model", "runs/tiny"}, kQuestions);
  EXPECT_THAT(both.out, HasSubstr("\nsentineg acc                   2   0.5000   0.5000\n"));
  EXPECT_THAT(both.out, HasSubstr("\ntotal f1                "));
}

TEST(EvalVerb, MeasuresWhatTalksAsWell) {
  const Json reference = eval_json({"-"}, kTexts), own = eval_json({"-", "--dtype", "int8"}, kTexts),
             bf16 = eval_json({"-", "--engine", "own", "--dtype", "bf16"}, kTexts);
  EXPECT_EQ(reference.at("engine"), "libtorch");
  EXPECT_EQ(reference.at("dtype"), "fp32");
  EXPECT_EQ(own.at("engine"), "own");
  EXPECT_EQ(own.at("dtype"), "int8");
  const auto bits = [](const Json& json) { return json.at("total").at("bits_per_byte").get<double>(); };
  EXPECT_NEAR(bits(own), bits(reference), 0.02 * bits(reference));
  EXPECT_NEAR(bits(bf16), bits(reference), 0.005 * bits(reference));
}

TEST(EvalVerb, SaysWhereAFileIsNotInUtf8) {
  const ProgramResult result =
      ktlm_with_tiny_model({"eval", "-"}, "{\"text\":\"\xb0\xa1\xb3\xaa\xb4\xd9 \xb6\xf3\"}\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("standard input: is in CP949; taken as the same text in UTF-8"));
}

std::string fault(std::vector<std::string> arguments, int exit_code, const std::string& input = "") {
  arguments.insert(arguments.begin(), {"eval", "-q"});
  const ProgramResult result = ktlm_with_tiny_model(arguments, input);
  EXPECT_EQ(result.exit_code, exit_code);
  EXPECT_EQ(result.out, "");
  return result.err;
}

TEST(EvalVerb, FaultsAreOneLineAndExitCode1) {
  EXPECT_EQ(fault({"-"}, 1, "\n\n"), "ktlm eval: standard input: holds no text to evaluate\n");
  EXPECT_EQ(fault({"-"}, 1, "{\"txt\":1}\n"),
            R"(ktlm eval: standard input:1: key "text" is missing; expected lines of JSON with a "text", such as )"
            R"({"text":"..."}, or dialogues)"
            "\n");
  EXPECT_EQ(fault({"-", "--by", "domain"}, 1, kTexts), "ktlm eval: no line has a key \"domain\" to sort by\n");
  EXPECT_EQ(fault({"-", "--task", "kobest_copa"}, 1, kTexts),
            "ktlm eval: standard input:1: key \"question\" is missing; expected lines of JSON with the questions of "
            "kobest_copa\n");
  EXPECT_EQ(
      fault({"-", "--task", "kobest"}, 1, "{\"task\":\"klue_nli\"}\n"),
      "ktlm eval: standard input:1: key \"task\" names none of KoBEST's tasks, but \"klue_nli\"; expected lines of "
      "JSON with a \"task\", such as kobest_copa, and its question\n");
}

TEST(EvalVerb, RefusesAModelWhoseWeightsAreNoNumbers) {
  const auto broken = test::tiny_model_directory() / "broken";
  std::filesystem::copy(test::tiny_model_directory() / "runs/tiny/model", broken,
                        std::filesystem::copy_options::recursive);
  std::string weights = read_file(broken / "model.safetensors");
  weights.replace(weights.size() - 64, 64, std::string(64, '\xff'));
  write_file_atomically(broken / "model.safetensors", weights);
  EXPECT_EQ(
      fault({"-", "--model", "broken"}, 1, kTexts),
      "ktlm eval: broken: the model gives a text no finite probability; its weights are damaged or training broke "
      "down: take another checkpoint\n");
}

TEST(EvalVerb, WrongOptionsAreOneLineAndExitCode2) {
  EXPECT_EQ(fault({"-", "--task", "kobest_cop"}, 2),
            "ktlm eval: --task \"kobest_cop\" is unknown; did you mean \"kobest_copa\"?\n");
  const test::TemporaryDirectory empty;
  const auto model = (test::tiny_model_directory() / "runs/tiny/model").string();
  EXPECT_EQ(test::run_program({KTLM_BINARY, "eval", "--model", model}, {.directory = empty.path().string()}).err,
            "ktlm eval: no FILE named, and data/prepared/val.jsonl.zst is not there; name JSONL texts, or run ktlm "
            "prepare first\n");
  EXPECT_EQ(fault({"--task", "kobest"}, 2),
            "ktlm eval: --task needs the files that hold its questions; see ktlm eval --help\n");
  EXPECT_EQ(fault({"-", "--task", "kobest", "--by", "source"}, 2),
            "ktlm eval: --by sorts texts; a --task's figures are by task\n");
  EXPECT_EQ(fault({"-", "--engine", "libtorch", "--dtype", "int4"}, 2),
            "ktlm eval: --engine libtorch has no int4; choose fp32, bf16 or fp16, or --engine own\n");
  EXPECT_EQ(fault({"-", "--engine", "own", "--dtype", "fp32"}, 2),
            "ktlm eval: ktlm's own engine has no fp32; choose int8, int4 or bf16, or --engine libtorch\n");
  EXPECT_EQ(
      fault({"-", "--dtype", "int8", "--device", "cuda"}, 2),
      "ktlm eval: ktlm's own engine computes on the CPU alone; leave --device away, or choose --engine libtorch\n");
}

}  // namespace
}  // namespace ktlm
