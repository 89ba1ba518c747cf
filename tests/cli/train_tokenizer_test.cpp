// ktlm train-tokenizer as a shell uses it: one size or several, and the choice among them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

class TrainTokenizer : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TemporaryDirectory>();
    const ProgramResult prepared = run({"prepare", KTLM_TEST_DATA_DIR "/sample/articles.xml"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared.err;
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static ProgramResult run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), KTLM_BINARY);
    return test::run_program(arguments, {.directory = folder_->path().string()});
  }
  static ProgramResult train(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "train-tokenizer");
    return run(std::move(arguments));
  }
  static bool exists(const std::string& name) { return fs::exists(*folder_ / name / "tokenizer.model"); }

  static inline std::unique_ptr<test::TemporaryDirectory> folder_;
};

TEST_F(TrainTokenizer, OneSizeGoesToOut) {
  const ProgramResult result = train({"--vocab-size", "1500", "--out", "one/"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("\nvocabulary "));
  EXPECT_THAT(result.out, HasSubstr("\nbase: embedding, of all parameters "));
  EXPECT_THAT(result.err, HasSubstr("wrote one\n"));
  EXPECT_TRUE(exists("one"));
  EXPECT_TRUE(fs::exists(*folder_ / "one" / "analysis.html"));
}

TEST_F(TrainTokenizer, SeveralSizesGoBesideOutAndItIsSaidHowToTrainWithOne) {
  const ProgramResult result = train({"--vocab-size", "1500,1200", "--out", "several"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(exists("several-1200"));
  EXPECT_TRUE(exists("several-1500"));
  EXPECT_FALSE(fs::exists(*folder_ / "several"));
  EXPECT_THAT(result.out, testing::ContainsRegex("vocabulary +1,200 +1,500\n"));
  EXPECT_THAT(result.err, HasSubstr("train takes data/tokenizer unless told: pass it --tokenizer several-1200, or"));
}

TEST_F(TrainTokenizer, RecommendsForTheConfigAndPutsTheChoiceAtOut) {
  const std::string config = KTLM_SOURCE_DIR "/configs/small.yaml";
  const ProgramResult result =
      train({"--recommend", "--config", config, "--vocab-size", "1200,1500", "--out", "chosen", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Json json = parse_json(result.out, "--json");
  EXPECT_EQ(json.at("vocabularies").size(), 2U);
  const auto size = json.at("recommended").at("vocab_size").get<int64_t>();
  EXPECT_THAT(json.at("recommended").at("reason").get<std::string>(), HasSubstr(" pieces suit small: "));
  EXPECT_EQ(read_file(*folder_ / "chosen" / "tokenizer.model"),
            read_file(*folder_ / ("chosen-" + std::to_string(size)) / "tokenizer.model"));
}

TEST_F(TrainTokenizer, RecommendsFromTheUsualSizesThatTheTextFills) {
  const ProgramResult result = train(
      {"--recommend", "--set", "model.d_model=64", "--out", "usual", "--config", KTLM_SOURCE_DIR "/configs/tiny.yaml"});
  EXPECT_EQ(result.exit_code, 1);  // the sample fills not even the smallest
  EXPECT_THAT(result.err, HasSubstr("the text gives at most "));
  EXPECT_FALSE(fs::exists(*folder_ / "usual"));
}

TEST_F(TrainTokenizer, ARecommendationNeedsAModel) {
  const ProgramResult result = train({"--recommend"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "ktlm train-tokenizer: --recommend: no model to recommend for; pass --config with a section model, such as "
            "configs/small.yaml\n");
}

TEST_F(TrainTokenizer, AnImpossibleSizeAmongSeveralIsAUsageError) {
  const ProgramResult result = train({"--vocab-size", "1200,12"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(
      result.err,
      "ktlm train-tokenizer: --set tokenizer.vocab_size=12: \"tokenizer.vocab_size\" should be an integer, from 273 to "
      "1000000, is \"12\"\n");
  EXPECT_EQ(train({"--vocab-size", "1200,many"}).exit_code, 2);
}

TEST_F(TrainTokenizer, AFolderOfOtherThingsIsAFailureAsOfPrepare) {
  write_file_atomically(*folder_ / "mine" / "novel.txt", "a year's work");
  const ProgramResult tokenizer = train({"--vocab-size", "1200", "--out", "mine"});
  EXPECT_EQ(tokenizer.exit_code, 1);
  EXPECT_EQ(
      tokenizer.err,
      "ktlm train-tokenizer: mine: holds something else than a tokenizer (novel.txt) and is left as it is; remove "
      "it or choose another --out\n");
  EXPECT_EQ(run({"prepare", KTLM_TEST_DATA_DIR "/sample/articles.xml", "--out", "mine"}).exit_code, 1);
}

}  // namespace
}  // namespace ktlm
