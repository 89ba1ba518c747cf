// ktlm train-tokenizer as a shell uses it: one size or several, and the choice among them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/core/random.h"
#include "ktlm/text/utf8.h"
#include "ktlm/tokenizer/tokenizer.h"
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
  // Of the model file, and as analysis.json has it.
  static int64_t vocab_size_of(const std::string& name) {
    const int64_t size = tokenizer::Tokenizer::load(*folder_ / name).vocab_size();
    EXPECT_EQ(read_json_file((*folder_ / name / "analysis.json").string()).at("vocab_size"), size);
    return size;
  }

  static inline std::unique_ptr<test::TemporaryDirectory> folder_;
};

TEST_F(TrainTokenizer, OneSizeGoesToOut) {
  const ProgramResult result = train({"--vocab-size", "1500", "--out", "one/"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("\nvocabulary "));
  EXPECT_THAT(result.out, HasSubstr("\nbase: embedding, of all parameters "));
  EXPECT_THAT(result.err, HasSubstr("wrote one; look at one/analysis.html\n"));
  EXPECT_THAT(result.err,
              testing::ContainsRegex("the text is too small for 1,500 [(]9[0-9][.][0-9] %[)]: that share of the "
                                     "pieces occurs fewer than 100 times in it, too seldom for a model to "
                                     "learn them; take a smaller --vocab-size, or prepare more text\n"));
  EXPECT_EQ(vocab_size_of("one"), 1500);
  EXPECT_TRUE(fs::exists(*folder_ / "one" / "analysis.html"));
}

TEST_F(TrainTokenizer, SeveralSizesGoBesideOutAndItIsSaidHowToTrainWithOne) {
  const ProgramResult result = train({"--vocab-size", "1500,1200", "--out", "several"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(vocab_size_of("several-1200"), 1200);
  EXPECT_EQ(vocab_size_of("several-1500"), 1500);
  EXPECT_FALSE(fs::exists(*folder_ / "several"));
  EXPECT_THAT(result.out, testing::ContainsRegex("vocabulary +1,200 +1,500\n"));
  EXPECT_THAT(result.err, HasSubstr("train takes data/tokenizer unless told: pass it --tokenizer several-1200, or"));
}

TEST_F(TrainTokenizer, ASizeThatIsGivenTwiceIsOne) {
  const ProgramResult result = train({"--vocab-size", "1200,1200", "--out", "twice"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(vocab_size_of("twice"), 1200);
  EXPECT_FALSE(fs::exists(*folder_ / "twice-1200"));
}

TEST_F(TrainTokenizer, RecommendsForTheConfigAndPutsTheChoiceAtOut) {
  const std::string config = KTLM_SOURCE_DIR "/configs/small.yaml";
  const ProgramResult result =
      train({"--recommend", "--config", config, "--vocab-size", "1200,1500", "--out", "chosen", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Json json = parse_json(result.out, "--json");
  EXPECT_EQ(json.at("vocabularies").size(), 2U);
  // The sample is small, so that nearly all pieces are rare: the fewest are taken, and it is said why.
  for (const Json& vocabulary : json.at("vocabularies"))
    EXPECT_GT(vocabulary.at("rare_pieces").get<double>(), 0.1 * vocabulary.at("learned_pieces").get<double>());
  const auto size = json.at("recommended").at("vocab_size").get<int64_t>();
  EXPECT_EQ(size, 1200);
  const auto reason = json.at("recommended").at("reason").get<std::string>();
  EXPECT_THAT(reason, HasSubstr("1,200 pieces, the fewest, suit small: "));
  EXPECT_THAT(reason, HasSubstr(" Even for them the text is too small: "));
  EXPECT_EQ(read_file(*folder_ / "chosen" / "tokenizer.model"),
            read_file(*folder_ / ("chosen-" + std::to_string(size)) / "tokenizer.model"));
}

// Words of three syllables, each several times and at random: as many pieces as one likes.
std::string many_words(int num_words) {
  Random random(9);
  std::vector<std::string> words;
  for (int i = 0; i < num_words; ++i) {
    std::string word;
    for (int syllable = 0; syllable < 3; ++syllable)
      text::append_utf8(word, static_cast<char32_t>(0xAC00 + 28 * random.below(399)));
    words.push_back(word);
  }
  std::string lines;
  for (int copy = 0; copy < 3; ++copy)
    for (size_t i = 0; i < words.size(); ++i) lines += words[i] + (i % 10 == 9 ? "\n" : " ");
  return lines;
}

TEST_F(TrainTokenizer, RecommendsFromTheUsualSizesThatTheTextFillsAndNamesTheOthers) {
  write_file_atomically(*folder_ / "words.txt", many_words(6000));
  const ProgramResult prepared = run({"prepare", "words.txt", "--out", "words", "--quality", "off", "--val-fraction",
                                      "0", "--no-near-duplicates", "--repeated-line-documents", "0"});
  ASSERT_EQ(prepared.exit_code, 0) << prepared.err;
  const ProgramResult result =
      train({"--recommend", "--input", "words", "--out", "filled", "--config", KTLM_SOURCE_DIR "/configs/small.yaml"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(vocab_size_of("filled"), 8000);
  EXPECT_FALSE(fs::exists(*folder_ / "filled-16000"));
  EXPECT_THAT(result.out, testing::ContainsRegex(" Not trained: 16,000, 32,000, 64,000, for the text gives "
                                                 "[0-9]+ to 1[0-5],[0-9]+ pieces[.]"));
}

TEST_F(TrainTokenizer, SaysWhereTheTextFillsNotEvenTheSmallestOfTheUsualSizes) {
  const ProgramResult result = train(
      {"--recommend", "--set", "model.d_model=64", "--out", "usual", "--config", KTLM_SOURCE_DIR "/configs/tiny.yaml"});
  EXPECT_EQ(result.exit_code, 1);  // the sample fills not even the smallest
  EXPECT_THAT(result.err, HasSubstr("the text gives at most "));
  EXPECT_THAT(result.err, HasSubstr(" pieces, vocab_size is 8000; pass --vocab-size "));
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
  EXPECT_EQ(result.err, "ktlm train-tokenizer: --vocab-size: should be an integer, from 273 to 1000000, is \"12\"\n");
  EXPECT_THAT(train({"--vocab-size", "1200,many"}).err, HasSubstr("--vocab-size: should be an integer, from 273 to "));
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
