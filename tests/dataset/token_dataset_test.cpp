#include "ktlm/data/token_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/data/token_writer.h"
#include "temporary_directory.h"

namespace ktlm::data {
namespace {

namespace fs = std::filesystem;
using test::error_message;
using testing::ElementsAre;
using tokenizer::TokenId;

constexpr size_t kHeaderBytes = 184;

std::vector<int64_t> copy(const TokenDataset& dataset, int64_t begin, size_t count) {
  std::vector<int64_t> ids(count);
  dataset.copy(begin, ids);
  return ids;
}

void write_tokens(const fs::path& path, int64_t vocab_size, const std::vector<std::vector<TokenId>>& documents) {
  TokenWriter writer(path, {vocab_size, "tokenizer-hash", "corpus-hash"});
  for (const auto& ids : documents) writer.add_document(ids, 10);
  writer.commit();
}

class TokenFileTest : public testing::Test {
 protected:
  // Writes a file, spoils it, and gives what open() says, without the path.
  std::string error_after(const std::function<void(std::string&)>& spoil) {
    write_tokens(path_, 100, {{1, 7, 2}, {1, 8, 9, 2}});
    std::string content = read_file(path_);
    spoil(content);
    write_file_atomically(path_, content);
    const std::string message = error_message([&] { TokenDataset::open(path_); });
    EXPECT_TRUE(message.starts_with(path_.string() + ": ")) << message;
    return message.substr(path_.string().size());
  }

  test::TemporaryDirectory directory_;
  const fs::path path_ = directory_ / "train.tokens";
};

TEST_F(TokenFileTest, GivesBackWhatWasWritten) {
  write_tokens(path_, 65536, {{1, 7, 65535, 2}, {1, 2}, {1, 8, 2}});
  const auto dataset = TokenDataset::open(path_);
  EXPECT_EQ(dataset.num_tokens(), 9);
  EXPECT_EQ(dataset.num_documents(), 3);
  EXPECT_EQ(dataset.text_bytes(), 30);
  EXPECT_EQ(dataset.tokenizer_hash(), "tokenizer-hash");
  EXPECT_EQ(dataset.corpus_hash(), "corpus-hash");
  EXPECT_THAT(copy(dataset, 0, 9), ElementsAre(1, 7, 65535, 2, 1, 2, 1, 8, 2));
  EXPECT_THAT(dataset.document_offsets(), ElementsAre(0, 4, 6));
}

TEST_F(TokenFileTest, CopyGoesRoundTheRing) {
  write_tokens(path_, 100, {{1, 5, 2}});
  const auto dataset = TokenDataset::open(path_);
  EXPECT_THAT(copy(dataset, 2, 2), ElementsAre(2, 1));
  EXPECT_THAT(copy(dataset, 7, 8), ElementsAre(5, 2, 1, 5, 2, 1, 5, 2));
}

TEST_F(TokenFileTest, AnIdTakesTwoBytesUpTo65536Pieces) {
  // 3 ids padded to a multiple of 8 bytes, and one document offset.
  write_tokens(path_, 65536, {{1, 5, 2}});
  EXPECT_EQ(fs::file_size(path_), kHeaderBytes + 8 + 8);
  write_tokens(path_, 65537, {{1, 65536, 2}});
  EXPECT_EQ(fs::file_size(path_), kHeaderBytes + 16 + 8);
  EXPECT_THAT(copy(TokenDataset::open(path_), 0, 3), ElementsAre(1, 65536, 2));
}

TEST_F(TokenFileTest, HoldsMoreThanOneChecksumBlock) {
  std::vector<TokenId> ids(1'500'001);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<TokenId>(i % 30011);
  write_tokens(path_, 32000, {ids, {1, 2}});
  const auto dataset = TokenDataset::open(path_);
  EXPECT_EQ(copy(dataset, 0, ids.size()), std::vector<int64_t>(ids.begin(), ids.end()));
  EXPECT_THAT(copy(dataset, 1'500'001, 2), ElementsAre(1, 2));
  EXPECT_THAT(dataset.document_offsets(), ElementsAre(0, 1'500'001));
}

TEST_F(TokenFileTest, AnEmptySplitIsAFileWithoutTokens) {
  write_tokens(path_, 100, {});
  EXPECT_EQ(TokenDataset::open(path_).num_tokens(), 0);
  EXPECT_EQ(error_message([&] { copy(TokenDataset::open(path_), 0, 1); }), "token dataset: holds no token to copy");
}

TEST_F(TokenFileTest, DamageIsNamed) {
  const std::string next_step = "; delete it, and ktlm train builds it anew";
  EXPECT_EQ(error_after([](std::string& file) { file.resize(100); }),
            ": 100 bytes, fewer than a token file's header (truncated?)" + next_step);
  EXPECT_EQ(error_after([](std::string& file) { file.resize(file.size() - 3); }),
            ": 213 B, but its header promises 216 B (truncated?)" + next_step);
  EXPECT_EQ(error_after([](std::string& file) { file[0] = 'X'; }), ": is no token file" + next_step);
  EXPECT_EQ(error_after([](std::string& file) { file[8] = 9; }), ": token file of version 9, expected 1" + next_step);
  EXPECT_EQ(error_after([](std::string& file) { file[16] ^= 1; }),
            ": its header is damaged (checksum differs)" + next_step);
  EXPECT_EQ(error_after([](std::string& file) { file[kHeaderBytes + 2] ^= 1; }),
            ": its content is damaged (checksum differs)" + next_step);
  EXPECT_EQ(error_message([&] { TokenDataset::open(directory_ / "none.tokens"); }),
            (directory_ / "none.tokens").string() + ": can't be read: No such file or directory (errno 2)");
}

TEST_F(TokenFileTest, RefusesAnIdOutsideTheVocabulary) {
  TokenWriter writer(path_, {100, "t", "c"});
  const std::vector<TokenId> ids = {1, 100, 2};
  EXPECT_EQ(error_message([&] { writer.add_document(ids, 0); }),
            path_.string() + ": token id 100 is outside the vocabulary of 100");
}

TEST_F(TokenFileTest, UncommittedWritersLeaveNothing) {
  {
    TokenWriter writer(path_, {100, "t", "c"});
    writer.add_document(std::vector<TokenId>{1, 2}, 0);
  }
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

}  // namespace
}  // namespace ktlm::data
