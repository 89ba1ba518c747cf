// The whole chain through the program, on the sample that ships with the project: each verb's defaults are the former
// verb's outputs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using testing::HasSubstr;

class Chain : public testing::Test {
 protected:
  ProgramResult ktlm(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), KTLM_BINARY);
    return test::run_program(arguments, {.input = input, .directory = directory_.path().string()});
  }
  ProgramResult must(std::vector<std::string> arguments, const std::string& input = "") {
    ProgramResult result = ktlm(arguments, input);
    EXPECT_EQ(result.exit_code, 0) << arguments.front() << ": " << result.err;
    return result;
  }
  test::TemporaryDirectory directory_;
};

TEST_F(Chain, RunsBareFromTheSampleToAnAnswer) {
  const std::string sample = KTLM_TEST_DATA_DIR "/sample/";
  const Json prepared = parse_json(must({"prepare", sample + "articles.xml", sample + "dialogues.jsonl", "--json"}).out,
                                   "prepare --json");
  EXPECT_GT(prepared.at("total").at("kept").get<int64_t>(), 100);
  must({"train-tokenizer", "--vocab-size", "1500"});

  write_file_atomically(directory_ / "quick.yaml",
                        "model: {d_model: 32, n_layers: 2, n_heads: 2, n_kv_heads: 1, d_ff: 64, max_seq_len: 128}\n"
                        "train: {max_steps: 12, micro_batch_size: 4, warmup_steps: 2, eval_every_steps: 6,\n"
                        "        checkpoint_every_steps: 6, sample_prompts: [대한민국의]}\n");
  const ProgramResult trained = must({"train", "--config", "quick.yaml"});
  EXPECT_EQ(trained.out, "runs/quick/model\n");
  for (const char* file : {"config.yaml", "metrics.jsonl", "latest", "best", "model/config.json",
                           "model/model.safetensors", "model/tokenizer.json", "model/generation_config.json"})
    EXPECT_TRUE(fs::exists(directory_ / "runs/quick" / file)) << file;

  const std::vector<std::string> greedy = {"generate",         "--prompt", "대한민국의 수도는", "--temperature", "0",
                                           "--max-new-tokens", "16"};
  const ProgramResult generated = must(greedy);
  EXPECT_FALSE(generated.out.empty());
  EXPECT_THAT(generated.err, HasSubstr("tokens/s"));
  EXPECT_EQ(must(greedy).out, generated.out);

  const ProgramResult chat = must({"chat", "--max-new-tokens", "8", "--seed", "1"}, "안녕?\n/stats\n/quit\n");
  EXPECT_FALSE(chat.out.empty());
}

TEST_F(Chain, EachVerbTellsWhatToRunFirst) {
  const ProgramResult tokenizer = ktlm({"train-tokenizer"});
  EXPECT_EQ(tokenizer.exit_code, 1);
  EXPECT_THAT(tokenizer.err, testing::StartsWith("ktlm train-tokenizer: data/prepared"));
  EXPECT_THAT(tokenizer.err, HasSubstr("ktlm prepare"));
  const ProgramResult train = ktlm({"train"});
  EXPECT_EQ(train.exit_code, 1);
  EXPECT_THAT(train.err, HasSubstr("ktlm prepare"));
  const ProgramResult generate = ktlm({"generate", "--prompt", "가"});
  EXPECT_EQ(generate.exit_code, 1);
  EXPECT_THAT(generate.err, HasSubstr("ktlm train"));
  for (const ProgramResult& result : {tokenizer, train, generate}) {
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST(ConfigsPage, IsWhatTheProgramParsesBy) {
  const ProgramResult page = test::run_program({KTLM_CONFIG_DOCS});
  EXPECT_EQ(page.exit_code, 0);
  EXPECT_EQ(page.out, read_file(KTLM_SOURCE_DIR "/docs/configs.md"))
      << "run build/release/ktlm_config_docs > docs/configs.md";
}

}  // namespace
}  // namespace ktlm
