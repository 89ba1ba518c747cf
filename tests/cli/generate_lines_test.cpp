// ktlm generate on prompts of all kinds: lines of text and of JSON, several texts of one, constraints. With ktlm's own
// engine, so in builds without libtorch too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "talk_model_directory.h"

namespace ktlm {
namespace {

using test::ProgramResult;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

ProgramResult generate(std::vector<std::string> arguments, const std::string& input = "") {
  arguments.insert(arguments.begin(), {KTLM_BINARY, "generate", "--threads", "1"});
  if (std::find(arguments.begin(), arguments.end(), "--seed") == arguments.end())
    arguments.insert(arguments.end(), {"--seed", "5"});
  return test::run_in_talk_directory(arguments, input);
}

std::vector<Json> objects_of(const ProgramResult& result) {
  std::vector<Json> objects;
  for (size_t begin = 0; begin < result.out.size();) {
    const size_t end = result.out.find('\n', begin);
    objects.push_back(parse_json(result.out.substr(begin, end - begin), "line " + std::to_string(objects.size() + 1)));
    begin = end + 1;
  }
  return objects;
}

TEST(GenerateLines, AnswersEachLineByALineThatBeginsWithIt) {
  const std::vector<std::string> prompts = {"서울은", "", "봄에는 꽃이", "고양이", "할머니는"};
  std::string input;
  for (const std::string& prompt : prompts) input += prompt + "\n";
  std::string expected;
  for (const char* batch_size : {"1", "2", "64"}) {
    const ProgramResult result = generate({"--lines", "--max-new-tokens", "9", "--batch-size", batch_size}, input);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    if (expected.empty()) expected = result.out;
    EXPECT_EQ(result.out, expected) << batch_size;
  }
  size_t begin = 0;
  for (const std::string& prompt : prompts) {
    EXPECT_THAT(expected.substr(begin), StartsWith(prompt));
    begin = expected.find('\n', begin) + 1;
  }
  EXPECT_EQ(begin, expected.size());
}

TEST(GenerateLines, AnswersWhileThePipeWaits) {
  test::ProgramOptions options = test::in_talk_directory("{\"prompt\":\"서울은\",\"id\":1}\n");
  options.keep_input_open = true;
  options.timeout_seconds = 30;
  test::RunningProgram program({KTLM_BINARY, "generate", "-q", "--jsonl", "--max-new-tokens", "3"}, options);
  EXPECT_TRUE(program.wait_for("{\"id\":1,"));
  program.send_input("{\"prompt\":\"봄\",\"id\":2}\n");
  EXPECT_TRUE(program.wait_for("{\"id\":2,"));
  program.send_signal(SIGTERM);
  EXPECT_EQ(program.wait().exit_code, 143);
}

TEST(GenerateLines, ALineInAnotherEncodingIsRefusedBehindTheResultsBeforeIt) {
  write_file_atomically(test::talk_directory() / "cp949.txt", "가\n나\n\xB0\xA1\xB3\xAA\n다\n");
  const ProgramResult result = generate({"-q", "--lines", "--prompt-file", "cp949.txt", "--max-new-tokens", "3"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, MatchesRegex("가[^\n]*\n나[^\n]*\n"));
  EXPECT_EQ(result.err,
            "ktlm generate: cp949.txt:3: is no UTF-8; ktlm prepare finds the encoding and converts it, or, where it is "
            "CP949: iconv -f cp949 -t utf-8\n");
  EXPECT_THAT(generate({"-q", "--prompt-file", "cp949.txt"}).err,
              StartsWith("ktlm generate: cp949.txt: is no UTF-8; "));
}

TEST(GenerateJsonl, EachLineHasItsOwnSettings) {
  const ProgramResult result =
      generate({"--jsonl", "--max-new-tokens", "4"},
               "{\"prompt\": \"서울은\", \"custom_id\": \"a\", \"max_new_tokens\": 2, \"temperature\": 0}\n"
               "\n"
               "{\"id\": {\"x\": [1]}, \"prompt\": \"봄\", \"n\": 2, \"seed\": 70}\n"
               "{\"id\": null, \"messages\": [{\"role\": \"user\", \"content\": \"안녕?\"}], \"regex\": \"[0-9]{3}\", "
               "\"logprobs\": 2}\n"
               "{\"prompt\": \"가\", \"json_schema\": {\"enum\": [1, \"둘\"]}, \"max_new_tokens\": 20}\n");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::vector<Json> objects = objects_of(result);
  ASSERT_EQ(objects.size(), 5u);
  EXPECT_EQ(objects[0].at("custom_id"), "a");
  EXPECT_EQ(objects[0].at("prompt"), "서울은");
  EXPECT_EQ(objects[0].at("new_tokens"), 2);
  EXPECT_EQ(objects[0].at("finish_reason"), "length");
  EXPECT_EQ(objects[0].at("seed"), 5);
  for (const int sample : {0, 1}) {
    const Json& object = objects[1 + static_cast<size_t>(sample)];
    EXPECT_EQ(object.at("id"), parse_json("{\"x\": [1]}", ""));
    EXPECT_EQ(object.at("sample"), sample);
    EXPECT_EQ(object.at("seed"), 70 + sample);
    const ProgramResult alone =
        generate({"--json", "--max-new-tokens", "4", "--prompt", "봄", "--seed", std::to_string(70 + sample)});
    EXPECT_EQ(objects_of(alone)[0].at("results")[0].at("text"), object.at("text"));
  }
  EXPECT_THAT(objects[3].at("text").get<std::string>(), MatchesRegex("[0-9][0-9][0-9]"));
  EXPECT_EQ(objects[3].at("seed"), 8);  // the line before it draws two
  EXPECT_EQ(objects[3].at("logprobs").size(), objects[3].at("new_tokens").get<size_t>());
  for (const Json& place : objects[3].at("logprobs")) {
    EXPECT_LE(place.at("logprob"), place.at("top")[0].at("logprob"));
    EXPECT_GT(place.at("top")[0].at("logprob"), place.at("top")[1].at("logprob"));
  }
  const Json drawn = parse_json(objects[4].at("text").get<std::string>(), "drawn");
  EXPECT_TRUE(drawn == 1 || drawn == "둘") << drawn;
}

TEST(GenerateJsonl, ABadLineIsNamedBehindTheResultsBeforeIt) {
  const auto fault = [](const std::string& line) {
    const ProgramResult result =
        generate({"-q", "--jsonl", "--max-new-tokens", "3"}, "{\"prompt\":\"가\",\"id\":1}\n" + line + "\n");
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.out, StartsWith("{\"id\":1,"));
    EXPECT_THAT(result.err, StartsWith("ktlm generate: standard input:2: "));
    return result.err.substr(std::string("ktlm generate: standard input:2: ").size());
  };
  EXPECT_EQ(fault(R"({"prompt": "가", "temprature": 1})"),
            "unknown key \"temprature\"; did you mean \"temperature\"?\n");
  EXPECT_EQ(fault(R"({"id": 3, "promt": "가"})"), "unknown key \"promt\"; did you mean \"prompt\"?\n");
  EXPECT_EQ(fault("서울은"),
            "not valid JSON at byte 1: syntax error while parsing value - invalid literal; last read: '서'\n");
  EXPECT_EQ(fault(R"({"prompt": "가", "zzzzzz": 1})"),
            "unknown key \"zzzzzz\"; \"id\" and \"custom_id\" alone are carried through\n");
  EXPECT_EQ(fault(R"({"prompt": "가", "top_p": 1.5})"), "\"top_p\" should be a number, from 0 to 1, is \"1.5\"\n");
  EXPECT_EQ(fault(R"({"prompt": "가", "n": 0})"), "\"n\" should be an integer, from 1 to 10000, is 0\n");
  EXPECT_EQ(fault(R"({"prompt": 3})"), "\"prompt\" should be a string, is 3\n");
  EXPECT_EQ(fault(R"({"id": 3})"), "needs either \"prompt\" or \"messages\"\n");
  EXPECT_EQ(fault("[1]"), "should be an object such as {\"prompt\": \"...\"}, is [1]\n");
  EXPECT_EQ(fault(R"({"prompt": "가", "regex": "a", "json_schema": {}})"),
            "\"regex\" and \"json_schema\" can't both be held\n");
  EXPECT_THAT(fault(R"({"prompt": "가", "logit_bias": {"99999999": 1}})"),
              HasSubstr("token id 99999999, but the vocabulary ends at "));
  EXPECT_THAT(fault("{\"prompt\""), StartsWith("not valid JSON at byte "));
  EXPECT_EQ(fault(R"({"prompt": "가", "regex": "("})"),
            "\"regex\": missing closing parenthesis (at byte 1 of \"(\")\n");
  EXPECT_EQ(fault(R"({"prompt": "가", "regex": "가나\\K다"})"),
            "\"regex\": \"가나\\K다\" holds \"\\K\", which can't be followed while a text is drawn\n");
  EXPECT_EQ(
      fault(R"({"prompt": "가", "json_schema": {"type": "text"}})"),
      "\"json_schema\": #: type \"text\" is unknown; choose string, integer, number, boolean, null, object or array\n");
  EXPECT_EQ(fault(R"({"messages": [{"role": "assistant", "content": "가"}]})"),
            "\"messages\" should end with a user's, which is to be answered\n");
  std::string long_prompt;
  for (int i = 0; i < 100; ++i) long_prompt += "뷁";
  EXPECT_THAT(
      fault("{\"prompt\": \"" + long_prompt + "\"}"),
      MatchesRegex("the prompt has 30[0-9] tokens, but the model's context holds 128; shorten it by at least 17[0-9] "
                   "tokens\n"));
}

TEST(GenerateSamples, SeveralTextsOfOnePromptDrawWithSeedsOfTheirOwn) {
  const ProgramResult result =
      generate({"--prompt", "봄", "-n", "3", "--max-new-tokens", "5", "--json", "--logprobs", "0"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json json = parse_json(result.out, "generate --json");
  ASSERT_EQ(json.at("results").size(), 3u);
  for (int sample = 0; sample < 3; ++sample) {
    const Json& text = json.at("results")[static_cast<size_t>(sample)];
    EXPECT_EQ(text.at("sample"), sample);
    EXPECT_EQ(text.at("seed"), 5 + sample);
    EXPECT_EQ(text.at("logprobs")[0].at("top"), Json::array());
    const ProgramResult alone =
        generate({"-q", "--prompt", "봄", "--max-new-tokens", "5", "--seed", std::to_string(5 + sample)});
    EXPECT_EQ("봄" + text.at("text").get<std::string>() + "\n", alone.out);
  }
  for (const char* key : {"time_to_first_text_seconds", "prefill_seconds", "decode_seconds",
                          "prefill_tokens_per_second", "decode_tokens_per_second"})
    EXPECT_GT(json.at(key), 0) << key;
}

TEST(GenerateSamples, AreTheSameWithAnyBatchSize) {
  const std::string lines = "{\"prompt\": \"봄\", \"n\": 7}\n{\"prompt\": \"가을\", \"n\": 2}\n";
  std::string of_lines, of_prompts;
  for (const char* batch_size : {"64", "1", "3"}) {
    const ProgramResult first = generate({"--jsonl", "--max-new-tokens", "6", "--batch-size", batch_size}, lines);
    ASSERT_EQ(first.exit_code, 0) << first.err;
    const ProgramResult second = generate(
        {"--prompt", "봄", "--prompt", "가을", "-n", "4", "--max-new-tokens", "6", "--batch-size", batch_size});
    ASSERT_EQ(second.exit_code, 0) << second.err;
    if (of_lines.empty()) of_lines = first.out, of_prompts = second.out;
    EXPECT_EQ(first.out, of_lines) << batch_size;
    EXPECT_EQ(second.out, of_prompts) << batch_size;
  }
}

TEST(GenerateSamples, ABeamSearchGivesItsBestTexts) {
  const ProgramResult result =
      generate({"--jsonl", "--beams", "4", "-n", "2", "--max-new-tokens", "6"},
               "{\"prompt\": \"봄\", \"n\": 3}\n{\"prompt\": \"서울은\", \"regex\": \"[가-힣]{4}\"}\n");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::vector<Json> objects = objects_of(result);
  ASSERT_EQ(objects.size(), 5u);
  for (const size_t first : {0u, 1u, 3u}) {
    EXPECT_GE(objects[first].at("score"), objects[first + 1].at("score"));
    EXPECT_EQ(objects[first + 1].at("sample"), objects[first].at("sample").get<int>() + 1);
    EXPECT_NE(objects[first + 1].at("text"), objects[first].at("text"));
  }
  EXPECT_EQ(objects[3].at("text").get<std::string>().size(), 12u);
  const ProgramResult refused = generate({"--jsonl", "-q"}, "{\"prompt\": \"봄\", \"n\": 3, \"beams\": 2}\n");
  EXPECT_EQ(
      refused.err,
      "ktlm generate: standard input:1: 3 texts of 2 beams; a beam search finds as many as it has beams at most\n");
}

TEST(GenerateConstraint, AnExpressionAndASchemaHoldTheText) {
  EXPECT_THAT(generate({"-q", "--prompt", "답:", "--regex", " (예|아니오)"}).out, MatchesRegex("답: (예|아니오)\n"));
  write_file_atomically(
      test::talk_directory() / "schema.json",
      R"({"type": "object", "properties": {"나이": {"type": "integer", "minimum": 1, "maximum": 120}}, "required": ["나이"]})");
  const ProgramResult result = generate({"-q", "--prompt", "", "--json-schema", "schema.json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const int64_t age = parse_json(result.out, "drawn").at("나이").get<int64_t>();
  EXPECT_TRUE(1 <= age && age <= 120) << age;
}

TEST(GenerateConstraint, ATextThatEndsBeforeItsFormIsWholeIsAFailureThatIsSaid) {
  const std::string bounds = "bound the form, such as by maxLength, maxItems or {1,20}\n";
  const ProgramResult cut = generate({"-q", "--prompt", "답:", "--regex", "[가-힣]{50}", "--max-new-tokens", "3"});
  EXPECT_EQ(cut.exit_code, 1);
  EXPECT_THAT(cut.out, StartsWith("답:"));
  EXPECT_EQ(cut.err,
            "ktlm generate: --prompt: the text ended before its form was whole (--max-new-tokens 3); allow more, or " +
                bounds);
  const std::vector<std::string> endless = {"-q",     "--prompt",         "답:", "--regex", "[가-힣]{500}",
                                            "--json", "--max-new-tokens", "0",   "-n",      "2"};
  const ProgramResult full = generate(endless);
  EXPECT_EQ(full.exit_code, 1);
  const std::string full_context = " ended before its form was whole (the context of 128 tokens is full); " + bounds;
  EXPECT_EQ(full.err,
            "ktlm generate: --prompt: text 1" + full_context + "ktlm generate: --prompt: text 2" + full_context);
  const Json results = objects_of(full)[0].at("results");
  for (const Json& result : results) {
    EXPECT_EQ(result.at("finish_reason"), "context");
    EXPECT_EQ(result.at("complete"), false);
  }
}

TEST(GenerateConstraint, OfManyLinesEachSaysWhetherItsFormIsWhole) {
  const ProgramResult result =
      generate({"-q", "--jsonl", "--max-new-tokens", "20"},
               "{\"id\": 1, \"prompt\": \"가\", \"regex\": \"[0-9]{90}\", \"max_new_tokens\": 4}\n"
               "{\"id\": 2, \"prompt\": \"가\", \"regex\": \"[0-9]{4}\", \"max_new_tokens\": 4}\n"
               "{\"id\": 3, \"prompt\": \"가\", \"regex\": \"12345\", \"stop\": \"4\"}\n"
               "{\"id\": 4, \"prompt\": \"가\", \"regex\": \"0\", \"logit_bias\": {\"0\": 0}}\n"
               "{\"id\": 5, \"prompt\": \"가\", \"max_new_tokens\": 4}\n");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, MatchesRegex("ktlm generate: standard input:1: the text ended [^\n]*\n"));
  const std::vector<Json> objects = objects_of(result);
  ASSERT_EQ(objects.size(), 5u);
  EXPECT_EQ(objects[0].at("complete"), false);
  EXPECT_EQ(objects[1].at("complete"), true);
  EXPECT_EQ(objects[2].at("complete"), false);  // as its request's stop string wants it
  EXPECT_EQ(objects[2].at("finish_reason"), "stop");
  EXPECT_EQ(objects[3].at("complete"), true);
  EXPECT_FALSE(objects[4].contains("complete"));
}

TEST(GenerateVerb, UsageErrorsAreOneLine) {
  const auto fault = [](const std::vector<std::string>& arguments) {
    const ProgramResult result = generate(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  EXPECT_EQ(fault({"-q", "--prompt", "가", "--regex", "[가"}),
            "ktlm generate: --regex: missing terminating ] for character class (at byte 4 of \"[가\")\n");
  EXPECT_EQ(fault({"-q", "--prompt", "가", "--json-schema", "{\"type\": \"text\"}"}),
            "ktlm generate: --json-schema: #: type \"text\" is unknown; choose string, integer, number, boolean, null, "
            "object or "
            "array\n");
  // Before a model is looked for, or a prompt.
  EXPECT_THAT(fault({"-q", "--model", "nowhere", "--regex", "[가"}), StartsWith("ktlm generate: --regex: missing "));
  EXPECT_EQ(fault({"-q", "--model", "nowhere", "--json-schema", "nowhere.json"}),
            "ktlm generate: nowhere.json: can't be read: No such file or directory (errno 2)\n");
  EXPECT_THAT(fault({"-q", "--jsonl", "--json-schema", "{\"type\""}),
              StartsWith("ktlm generate: --json-schema: not valid JSON at byte 8: "));
  write_file_atomically(test::talk_directory() / "broken.json", "{\"type\": ");
  EXPECT_THAT(fault({"-q", "--prompt", "가", "--json-schema", "broken.json"}),
              StartsWith("ktlm generate: broken.json: not valid JSON at byte "));
  EXPECT_EQ(fault({"--prompt", "가", "--lines"}),
            "ktlm generate: --lines reads prompts from --prompt-file or standard input; leave --prompt away\n");
  EXPECT_EQ(fault({"--prompt", "가", "--logprobs", "2"}),
            "ktlm generate: --logprobs are written as JSON; add --json\n");
  EXPECT_EQ(fault({"--prompt", "가", "-n", "3", "--beams", "2"}),
            "ktlm generate: --num-samples 3 of --beams 2; a beam search finds as many texts as it has beams at most\n");
  EXPECT_THAT(fault({"--lines", "--jsonl"}), HasSubstr("--lines can't stand with --jsonl"));
}

}  // namespace
}  // namespace ktlm
