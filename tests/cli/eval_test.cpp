// ktlm eval through the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "tiny_model_directory.h"

namespace ktlm {
namespace {

using test::ktlm_with_tiny_model;
using test::ProgramResult;
using testing::HasSubstr;

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

TEST(EvalVerb, PrintsALineForEachFile) {
  const ProgramResult result = ktlm_with_tiny_model({"eval", "-"}, kTexts);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("file   documents     tokens        bytes     loss  perplexity  bits/byte\n-   "));
}

TEST(EvalVerb, FaultsAreOneLineAndExitCode1) {
  const auto fault = [](std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"eval", "-q"});
    const ProgramResult result = ktlm_with_tiny_model(arguments, input);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  EXPECT_EQ(fault({"-"}, "\n\n"), "ktlm eval: standard input: holds no text to evaluate\n");
  EXPECT_EQ(fault({"-"}, "{\"txt\":1}\n"),
            R"(ktlm eval: standard input:1: key "text" is missing; expected lines of JSON with a "text", such as )"
            R"({"text":"..."})"
            "\n");
}

}  // namespace
}  // namespace ktlm
