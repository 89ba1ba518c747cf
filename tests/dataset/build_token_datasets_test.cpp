#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/data/token_dataset.h"
#include "ktlm/tokenizer/chat_template.h"
#include "small_corpus.h"
#include "temporary_directory.h"

namespace ktlm::data {
namespace {

namespace fs = std::filesystem;
using corpus::Split;
using test::error_message;

// More than the text that one encoding thread takes at a time, several times over.
const test::SmallCorpus& large_corpus() {
  static const test::SmallCorpus corpus(8000);
  return corpus;
}

std::vector<int64_t> all_tokens(const TokenDataset& dataset) {
  std::vector<int64_t> ids(static_cast<size_t>(dataset.num_tokens()));
  dataset.copy(0, ids);
  return ids;
}

void build(const fs::path& path, const test::SmallCorpus& from, Split split, int num_threads) {
  build_token_dataset(path, from.corpus, split, from.tokenizer, num_threads, {}, StopFlag());
}

// Prepares a corpus of its own, since the token files go into its directory.
class OpenOrBuildTest : public testing::Test {
 protected:
  TokenDatasets open_or_build() const {
    return open_or_build_token_datasets(corpus_, large_corpus().tokenizer, 0, {}, StopFlag());
  }

  test::TemporaryDirectory directory_;
  corpus::PreparedCorpus corpus_ = test::prepare_documents(test::made_up_documents(50, 2), directory_ / "prepared");
  const fs::path tokens_dir_ = directory_ / "prepared" / "tokens" / large_corpus().tokenizer.hash();
};

TEST(BuildTokenDataset, HoldsTheIdsOfEachDocumentInOrder) {
  const auto& from = large_corpus();
  test::TemporaryDirectory directory;
  build(directory / "val.tokens", from, Split::kVal, 2);

  std::vector<int64_t> expected_ids;
  std::vector<uint64_t> expected_offsets;
  int64_t text_bytes = 0, num_dialogues = 0;
  from.corpus.for_each_document(Split::kVal, [&](corpus::Document&& document) {
    expected_offsets.push_back(expected_ids.size());
    std::vector<tokenizer::TokenId> ids = from.tokenizer.encode(document.text);
    ids.insert(ids.begin(), from.tokenizer.bos_id());
    if (!document.messages.empty()) {
      ids = tokenizer::encode_chat(from.tokenizer, document.messages, false);
      ++num_dialogues;
    }
    ids.push_back(from.tokenizer.eos_id());
    for (const auto id : ids) text_bytes += static_cast<int64_t>(from.tokenizer.token_bytes(id).size());
    expected_ids.insert(expected_ids.end(), ids.begin(), ids.end());
    return true;
  });
  ASSERT_GT(num_dialogues, 0);
  ASSERT_LT(num_dialogues, from.corpus.num_documents(Split::kVal));

  const auto dataset = TokenDataset::open(directory / "val.tokens");
  EXPECT_EQ(all_tokens(dataset), expected_ids);
  EXPECT_EQ(std::vector<uint64_t>(dataset.document_offsets().begin(), dataset.document_offsets().end()),
            expected_offsets);
  EXPECT_EQ(dataset.num_documents(), from.corpus.num_documents(Split::kVal));
  EXPECT_EQ(dataset.text_bytes(), text_bytes);
  EXPECT_EQ(dataset.tokenizer_hash(), from.tokenizer.hash());
  EXPECT_EQ(dataset.corpus_hash(), from.corpus.content_hash());
}

TEST(BuildTokenDataset, GivesTheSameBytesWhateverTheNumberOfThreads) {
  const auto& from = large_corpus();
  ASSERT_GT(from.corpus.text_bytes(Split::kTrain), 2'000'000);
  test::TemporaryDirectory directory;
  build(directory / "one.tokens", from, Split::kTrain, 1);
  const std::string one = read_file(directory / "one.tokens");
  for (const int num_threads : {2, 3, 8}) {
    build(directory / "more.tokens", from, Split::kTrain, num_threads);
    EXPECT_TRUE(read_file(directory / "more.tokens") == one) << num_threads << " threads";
  }
}

#ifdef __linux__
TEST(BuildTokenDataset, ThreadsAreAsManyAsAskedFor) {
  const auto& from = large_corpus();
  const auto num_threads = [] {
    return std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator());
  };
  const auto most_beside = [&](int64_t asked) {
    fs::remove_all(from.corpus.directory() / "tokens");
    const auto before = num_threads();
    auto most = before;
    open_or_build_token_datasets(
        from.corpus, from.tokenizer, asked, [&](const Progress&) { most = std::max(most, num_threads()); }, StopFlag());
    return most - before;
  };
  EXPECT_EQ(most_beside(1), 0);
  EXPECT_GT(most_beside(2), 0);
}
#endif

TEST(BuildTokenDataset, TellsItsProgressInBytes) {
  const auto& from = large_corpus();
  test::TemporaryDirectory directory;
  std::vector<Progress> reports;
  build_token_dataset(
      directory / "val.tokens", from.corpus, Split::kVal, from.tokenizer, 1,
      [&](const Progress& progress) { reports.push_back(progress); }, StopFlag());
  ASSERT_FALSE(reports.empty());
  EXPECT_EQ(reports.back().stage, "tokenizing val");
  EXPECT_EQ(reports.back().unit, "bytes");
  EXPECT_EQ(reports.back().done, from.corpus.text_bytes(Split::kVal));
  EXPECT_EQ(reports.back().total, from.corpus.text_bytes(Split::kVal));
}

TEST(BuildTokenDataset, StoppedItLeavesNothing) {
  const auto& from = large_corpus();
  test::TemporaryDirectory directory;
  StopFlag stop;
  const auto path = directory / "train.tokens";
  const auto stop_soon = [&](const Progress& progress) {
    if (progress.done > 1'000'000) stop.request(2);
  };
  EXPECT_EQ(
      error_message([&] { build_token_dataset(path, from.corpus, Split::kTrain, from.tokenizer, 2, stop_soon, stop); }),
      path.string() + ": stopped before it was built; nothing was written");
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST_F(OpenOrBuildTest, BuildsOnceAndThenOpens) {
  const auto first = open_or_build();
  EXPECT_EQ(first.train.num_documents() + first.val.num_documents(), 50);
  EXPECT_EQ(first.train.num_documents(), corpus_.num_documents(Split::kTrain));
  const auto train_time = fs::last_write_time(tokens_dir_ / "train.tokens");
  const auto val_time = fs::last_write_time(tokens_dir_ / "val.tokens");
  const auto second = open_or_build();
  EXPECT_EQ(fs::last_write_time(tokens_dir_ / "train.tokens"), train_time);
  EXPECT_EQ(fs::last_write_time(tokens_dir_ / "val.tokens"), val_time);
  EXPECT_EQ(all_tokens(second.train), all_tokens(first.train));
}

TEST_F(OpenOrBuildTest, RebuildsADamagedFile) {
  const auto path = tokens_dir_ / "train.tokens";
  open_or_build();
  const std::string whole = read_file(path);
  std::string flipped = whole;
  flipped[flipped.size() / 2] ^= 1;
  for (const std::string& damaged :
       {whole.substr(0, whole.size() / 2), flipped, std::string("garbage"), std::string()}) {
    write_file_atomically(path, damaged);
    open_or_build();
    EXPECT_TRUE(read_file(path) == whole);
  }
}

TEST_F(OpenOrBuildTest, RebuildsTheFileOfAnotherCorpus) {
  open_or_build();
  const std::string whole = read_file(tokens_dir_ / "train.tokens");
  build(tokens_dir_ / "train.tokens", large_corpus(), Split::kTrain, 1);
  ASSERT_FALSE(read_file(tokens_dir_ / "train.tokens") == whole);
  open_or_build();
  EXPECT_TRUE(read_file(tokens_dir_ / "train.tokens") == whole);
}

TEST_F(OpenOrBuildTest, TokenFilesOfTwoTokenizersStandSideBySide) {
  open_or_build();
  const test::SmallCorpus other(100);
  ASSERT_NE(other.tokenizer.hash(), large_corpus().tokenizer.hash());
  const auto datasets = open_or_build_token_datasets(corpus_, other.tokenizer, 0, {}, StopFlag());
  EXPECT_EQ(datasets.train.tokenizer_hash(), other.tokenizer.hash());
  EXPECT_EQ(TokenDataset::open(tokens_dir_ / "train.tokens").tokenizer_hash(), large_corpus().tokenizer.hash());
}

TEST_F(OpenOrBuildTest, RefusesACorpusWithoutTrainDocuments) {
  const auto manifest_path = directory_ / "prepared" / "manifest.json";
  Json manifest = read_json_file(manifest_path.string());
  manifest["train"]["documents"] = 0;
  manifest["train"]["files"] = Json::array();
  write_file_atomically(manifest_path, to_json_line(manifest));
  corpus_ = corpus::PreparedCorpus::open(directory_ / "prepared");
  EXPECT_EQ(error_message([&] { open_or_build(); }),
            (directory_ / "prepared").string() + ": holds no document to train on; run ktlm prepare on more text");
}

}  // namespace
}  // namespace ktlm::data
