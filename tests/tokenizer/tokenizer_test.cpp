#include "ktlm/tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sentencepiece_trainer.h>

#include <thread>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/text/normalize.h"
#include "temporary_directory.h"
#include "training_text.h"

namespace ktlm::tokenizer {
namespace {

using test::error_message;
using testing::HasSubstr;

class TokenizerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TemporaryDirectory>();
    tokenizer_ = std::make_unique<Tokenizer>(trained_tokenizer(*folder_ / "tokenizer"));
  }
  static void TearDownTestSuite() {
    tokenizer_.reset();
    folder_.reset();
  }
  // A copy of the tokenizer directory, to be damaged.
  static std::filesystem::path copy(const std::filesystem::path& to) {
    std::filesystem::copy(*folder_ / "tokenizer", to);
    return to;
  }

  static inline std::unique_ptr<test::TemporaryDirectory> folder_;
  static inline std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(TokenizerTest, DecodingGivesTheNormalisedTextBack) {
  for (const std::string& line : training_lines())
    EXPECT_EQ(tokenizer_->decode(tokenizer_->encode(line)), text::normalize(line));
  for (const std::string& line : odd_lines(3000, 2))
    ASSERT_EQ(tokenizer_->decode(tokenizer_->encode(line)), text::normalize(line));
  for (const std::string text :
       {"", " ", "   ", "\n", "\n\n 가\t나 \n", "▁", "a▁ ▁b", "</s><|im_start|>", "뷁쉙\U00020000"})
    EXPECT_EQ(tokenizer_->decode(tokenizer_->encode(text)), text);
}

TEST_F(TokenizerTest, IdsOfLinesPutTogetherAreIdsOfTheText) {
  std::vector<TokenId> ids;
  std::string text;
  for (const std::string& line : training_lines()) {
    const auto more = tokenizer_->encode(line + "\n");
    ids.insert(ids.end(), more.begin(), more.end());
    text += line + "\n";
  }
  EXPECT_EQ(tokenizer_->encode(text), ids);
}

TEST_F(TokenizerTest, BytesOfTokensPutTogetherAreTheText) {
  const std::string text = "할머니가 물었다. \"뷁?\"\n\t😀";
  std::string bytes;
  for (const TokenId id : tokenizer_->encode(text)) bytes += tokenizer_->token_bytes(id);
  EXPECT_EQ(bytes, text);
}

TEST_F(TokenizerTest, NormalisesBeforeEncoding) {
  EXPECT_EQ(tokenizer_->encode("ＡＢＣ　１２３\r\nﾡ"), tokenizer_->encode("ABC 123\nㄱ"));
  EXPECT_EQ(tokenizer_->encode("\u1112\u1161\u11AB\u1100\u1173\u11AF"), tokenizer_->encode("한글"));
}

TEST_F(TokenizerTest, ANormalisedTextIsEncodedAsItStands) {
  for (const std::string& line : odd_lines(1000, 5)) {
    const std::string normal = text::normalize(line);
    ASSERT_EQ(tokenizer_->encode_normalized(normal), tokenizer_->encode(line));
  }
  EXPECT_EQ(tokenizer_->decode(tokenizer_->encode_normalized("ＡＢＣ")), "ＡＢＣ");
}

TEST_F(TokenizerTest, SpecialTokensStandFirstInTheVocabulary) {
  EXPECT_EQ(tokenizer_->vocab_size(), 800);
  EXPECT_EQ(tokenizer_->piece(kUnkId), "<unk>");
  EXPECT_EQ(tokenizer_->bos_id(), kBosId);
  EXPECT_EQ(tokenizer_->eos_id(), kEosId);
  EXPECT_EQ(tokenizer_->pad_id(), kPadId);
  EXPECT_EQ(tokenizer_->control_id(kImStart), 4);
  EXPECT_EQ(tokenizer_->control_id(kImEnd), 5);
  EXPECT_EQ(tokenizer_->control_id("<|reserved_0|>"), 6);
  EXPECT_EQ(tokenizer_->control_id("<|reserved_9|>"), 15);
  EXPECT_EQ(tokenizer_->control_id("<|reserved_10|>"), -1);
  EXPECT_EQ(tokenizer_->control_id("▁책을"), -1);
  for (TokenId id = 0; id < 16; ++id) {
    EXPECT_TRUE(tokenizer_->is_control(id));
    EXPECT_EQ(tokenizer_->token_bytes(id), "");
  }
  for (TokenId id = 16; id < 272; ++id) {
    EXPECT_TRUE(tokenizer_->is_byte(id));
    EXPECT_EQ(tokenizer_->token_bytes(id), std::string(1, static_cast<char>(id - 16)));
  }
  EXPECT_FALSE(tokenizer_->is_control(272));
  EXPECT_FALSE(tokenizer_->is_byte(272));
}

TEST_F(TokenizerTest, MarkersInTheTextAreText) {
  for (const TokenId id : tokenizer_->encode("<s> <|im_start|>system\n<|im_end|></s><0x41>")) {
    EXPECT_FALSE(tokenizer_->is_control(id));
    EXPECT_NE(tokenizer_->token_bytes(id), "A");
  }
}

TEST_F(TokenizerTest, EncodesFromSeveralThreads) {
  const std::string text = read_file(kTokenizerData / "text.txt");
  const auto expected = tokenizer_->encode(text);
  std::vector<std::thread> threads;
  std::vector<int> equal(4, 0);
  for (size_t t = 0; t < equal.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) equal[t] += tokenizer_->encode(text) == expected ? 1 : 0;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(equal, std::vector<int>(4, 20));
}

TEST_F(TokenizerTest, TokensBeyondTheVocabularyAreNamed) {
  EXPECT_EQ(
      error_message([] { tokenizer_->decode(std::vector<TokenId>{800}); }),
      (*folder_ / "tokenizer").string() + ": no token 800; the vocabulary has 800 (a tokenizer of another model?)");
  EXPECT_THAT(error_message([] { (void)tokenizer_->token_bytes(-1); }), HasSubstr("no token -1"));
}

TEST_F(TokenizerTest, MissingDirectoryTellsWhatToRun) {
  EXPECT_EQ(error_message([] { Tokenizer::load("no/such/folder"); }),
            "no/such/folder/tokenizer.model: no such file; run ktlm train-tokenizer first");
}

TEST_F(TokenizerTest, TruncatedModelIsNoticed) {
  test::TemporaryDirectory folder;
  const auto directory = copy(folder / "tokenizer");
  const std::string content = read_file(directory / "tokenizer.model");
  write_file_atomically(directory / "tokenizer.model", content.substr(0, content.size() / 2));
  const std::string message = error_message([&] { Tokenizer::load(directory); });
  EXPECT_THAT(message, testing::StartsWith((directory / "tokenizer.model").string() + ": truncated or changed (hash "));
  EXPECT_THAT(message, testing::EndsWith(", expected " + tokenizer_->hash() +
                                         "); copy it again or run ktlm train-tokenizer again"));
}

TEST_F(TokenizerTest, InAModelDirectoryNoOtherTokenizerHelps) {
  test::TemporaryDirectory folder;
  const auto directory = copy(folder / "model");
  write_file_atomically(directory / "config.json", "{}");
  const std::string content = read_file(directory / "tokenizer.model");
  write_file_atomically(directory / "tokenizer.model", content.substr(0, content.size() / 2));
  EXPECT_THAT(error_message([&] { Tokenizer::load(directory); }),
              testing::EndsWith(", expected " + tokenizer_->hash() + "); copy the model's directory again"));
  std::filesystem::remove(directory / "tokenizer.model");
  EXPECT_EQ(error_message([&] { Tokenizer::load(directory); }),
            (directory / "tokenizer.model").string() +
                ": no such file; copy it from the tokenizer or the model that this one began with");
  std::filesystem::remove(directory / "tokenizer_config.json");
  std::filesystem::remove(directory / "tokenizer.json");
  EXPECT_EQ(error_message([&] { Tokenizer::load(directory); }),
            (directory / "tokenizer.model").string() + ": no such file; copy the model's directory again");
}

TEST_F(TokenizerTest, GarbageIsNoModel) {
  test::TemporaryDirectory folder;
  for (const std::string content : {"", "no protocol buffer at all", "\x0A\xFF\xFF\xFF\xFF\x0F"}) {
    write_file_atomically(folder / "tokenizer.model", content);
    EXPECT_EQ(error_message([&] { Tokenizer::load(folder.path()); }),
              (folder / "tokenizer.model").string() + ": not a SentencePiece model (" + std::to_string(content.size()) +
                  " bytes); copy it again or run ktlm train-tokenizer again");
  }
  write_file_atomically(folder / "tokenizer.model", "\x0A\x03\x0A\x01\n");  // one piece, a line's end
  EXPECT_EQ(
      error_message([&] { Tokenizer::load(folder.path()); }),
      (folder / "tokenizer.model").string() +
          ": not a SentencePiece model (\"unk is not defined\"); copy it again or run ktlm train-tokenizer again");
}

TEST_F(TokenizerTest, OtherNormaliserVersionIsRefused) {
  test::TemporaryDirectory folder;
  const auto directory = copy(folder / "tokenizer");
  std::string config = read_file(directory / "tokenizer_config.json");
  const std::string key = "\"ktlm_normalizer_version\": ";
  const size_t at = config.find(key + std::to_string(text::kNormalizerVersion));
  ASSERT_NE(at, std::string::npos);
  config.insert(at + key.size(), "77");
  write_file_atomically(directory / "tokenizer_config.json", config);
  const std::string here = std::to_string(text::kNormalizerVersion);
  EXPECT_EQ(error_message([&] { Tokenizer::load(directory); }),
            (directory / "tokenizer_config.json").string() + ": made with version 77" + here +
                " of the normaliser, this program has version " + here + "; run ktlm train-tokenizer again");
}

// As Llama's: a space in front, whitespace mended, SentencePiece's own normaliser, no chat markers.
TEST_F(TokenizerTest, ModelOfOtherMakeIsUsedByItsOwnRules) {
  test::TemporaryDirectory folder;
  const std::string prefix = (folder / "tokenizer").string();
  const auto status = sentencepiece::SentencePieceTrainer::Train({{"input", (kTokenizerData / "text.txt").string()},
                                                                  {"model_prefix", prefix},
                                                                  {"vocab_size", "700"},
                                                                  {"model_type", "unigram"},
                                                                  {"hard_vocab_limit", "false"},
                                                                  {"minloglevel", "2"}});
  ASSERT_TRUE(status.ok()) << status.ToString();
  const Tokenizer other = Tokenizer::load(folder.path());
  EXPECT_EQ(other.decode(other.encode("책을  읽었다.")), "책을 읽었다.");
  EXPECT_EQ(other.piece(other.encode("책을").front()).substr(0, 3), "▁");
  EXPECT_EQ(other.control_id(kImStart), -1);
  EXPECT_EQ(other.pad_id(), -1);
}

}  // namespace
}  // namespace ktlm::tokenizer
