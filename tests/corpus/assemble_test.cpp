#include "assemble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "corpus_fixtures.h"
#include "ktlm/core/random.h"
#include "part_fixtures.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

using test::NamedText;
using test::sentence;

struct Written {
  std::vector<Document> train, val;
  AssembledCorpus corpus;
  std::vector<SecondPassChange> changes;
};

Written write(const std::vector<NamedText>& texts, const PrepareConfig& config) {
  const test::TemporaryDirectory folder;
  test::write_part(folder / "part", texts, config);
  const PartReader parts({folder / "part"});
  Written written;
  written.corpus = assemble(
      parts, find_duplicates(parts, config, folder.path(), [] {}), config, folder.path(), 2,
      [&](const SecondPassChange& change) { written.changes.push_back(change); }, [](int64_t) {}, [] {});
  for (const ShardInfo& shard : written.corpus.train) {
    EXPECT_EQ(static_cast<uint64_t>(shard.bytes), std::filesystem::file_size(folder / shard.name));
    const auto documents = test::read_documents(folder / shard.name);
    EXPECT_EQ(static_cast<int64_t>(documents.size()), shard.documents);
    written.train.insert(written.train.end(), documents.begin(), documents.end());
  }
  written.val = test::read_documents(folder / "val.jsonl.zst");
  return written;
}

std::vector<NamedText> numbered(const std::vector<int64_t>& numbers) {
  std::vector<NamedText> texts;
  for (const int64_t number : numbers) texts.push_back({std::to_string(number), sentence(static_cast<int>(number))});
  return texts;
}

std::set<std::string> texts_of(const std::vector<Document>& documents) {
  std::set<std::string> texts;
  for (const Document& document : documents) texts.insert(document.text);
  return texts;
}

TEST(Assemble, IdsAreMadeUnique) {
  std::vector<NamedText> texts;
  for (int i = 0; i < 2000; ++i) texts.push_back({i % 2 == 0 ? "같은 이름" : "다른 이름", sentence(i)});
  std::set<std::string> ids;
  for (const Document& document : write(texts, {.val_fraction = 0}).train) ids.insert(document.id);
  EXPECT_EQ(ids.size(), 2000U);
  EXPECT_EQ(ids.count("같은 이름"), 1U);
}

TEST(Assemble, TheSplitDependsOnTheTextsAlone) {
  const PrepareConfig config{.val_fraction = 0.02};
  const Written a = write(numbered(random_permutation(3000, 1)), config);
  const Written b = write(numbered(random_permutation(3000, 2)), config);
  EXPECT_EQ(a.train.size() + a.val.size(), 3000U);
  EXPECT_NEAR(static_cast<double>(a.val.size()), 60, 25);
  EXPECT_EQ(texts_of(a.val), texts_of(b.val));
  EXPECT_NE(a.corpus.content_hash, b.corpus.content_hash);
}

TEST(Assemble, TheContentHashIsOfTheDocumentsNotOfTheFiles) {
  PrepareConfig config{.val_fraction = 0.02};
  const auto texts = numbered(random_permutation(500, 1));
  const Written one_file = write(texts, config);
  config.shard_bytes = 2000;
  const Written many_files = write(texts, config);
  EXPECT_GT(many_files.corpus.train.size(), 5U);
  EXPECT_EQ(many_files.corpus.content_hash, one_file.corpus.content_hash);
}

TEST(Assemble, OfTwoOrMoreDocumentsOneIsHeldOutAndOneIsTrainedOn) {
  for (const double val_fraction : {1e-9, 0.5}) {
    for (int64_t count = 2; count < 40; ++count) {
      const auto numbers = random_permutation(count, static_cast<uint64_t>(count));
      const Written written = write(numbered(numbers), {.val_fraction = val_fraction});
      EXPECT_GE(written.train.size(), 1U);
      EXPECT_GE(written.val.size(), 1U);
      std::set<std::string> all = texts_of(written.train);
      all.merge(texts_of(written.val));
      EXPECT_EQ(all.size(), numbers.size()) << "every document is written once";
      EXPECT_EQ(written.train.size() + written.val.size(), numbers.size());
    }
  }
}

TEST(Assemble, OneDocumentIsTrainedOnAndNoFractionHoldsNoneOut) {
  EXPECT_EQ(write(numbered({1}), {.val_fraction = 0.5}).train.size(), 1U);
  EXPECT_EQ(write(numbered({1}), {.val_fraction = 0.5}).val.size(), 0U);
  EXPECT_EQ(write(numbered({1, 2, 3}), {.val_fraction = 0}).val.size(), 0U);
}

TEST(Assemble, FilesCloseOnceTheyHoldEnoughText) {
  const Written written = write(numbered(random_permutation(100, 3)), {.val_fraction = 0, .shard_bytes = 1000});
  ASSERT_GT(written.corpus.train.size(), 5U);
  EXPECT_EQ(written.corpus.train[1].name, "train-00001.jsonl.zst");
  for (const ShardInfo& shard : written.corpus.train) {
    EXPECT_LT(shard.text_bytes, 1000 + 200);
    if (&shard != &written.corpus.train.back()) {
      EXPECT_GE(shard.text_bytes, 1000);
    }
  }
  const auto numbers = random_permutation(100, 3);
  ASSERT_EQ(written.train.size(), 100U);
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(written.train[i].text, sentence(static_cast<int>(numbers[i])));
}

const std::string notice = "이 기사의 저작권은 신문사에 있으며 무단으로 옮겨 실을 수 없습니다.";

TEST(Assemble, NoTrainFileIsEmptyAndTheirNumbersHaveNoGap) {
  std::vector<NamedText> texts;
  for (int i = 0; i < 30; ++i) texts.push_back({std::to_string(i), i % 10 < 5 ? sentence(i) : notice});
  // The first of the same texts is kept until its one line is found to be repeated: its file then holds nothing.
  for (int i = 5; i < 30; ++i) texts[static_cast<size_t>(i)].text += i % 10 < 5 ? "" : "\n" + std::to_string(i);
  const Written written =
      write(texts, {.val_fraction = 0, .shard_bytes = 1, .near_duplicates = false, .repeated_line_documents = 2});
  ASSERT_EQ(written.train.size(), 15U);
  ASSERT_EQ(written.corpus.train.size(), 15U);
  EXPECT_EQ(written.corpus.train.back().name, "train-00014.jsonl.zst");
  for (const ShardInfo& shard : written.corpus.train) EXPECT_GT(shard.documents, 0);
}

TEST(Assemble, TheDocumentHeldOutIsOneThatStays) {
  std::vector<NamedText> texts;
  for (int i = 0; i < 40; ++i) texts.push_back({std::to_string(i), notice + "\n" + std::to_string(i)});
  texts.push_back({"a", sentence(1)});
  texts.push_back({"b", sentence(2)});
  const Written written = write(texts, {.val_fraction = 1e-9, .near_duplicates = false, .repeated_line_documents = 2});
  EXPECT_EQ(written.train.size(), 1U);
  EXPECT_EQ(written.val.size(), 1U);
}

// A site whose every page has the same notice.
TEST(Assemble, OneIsHeldOutAndOneTrainedOnOfThoseThatStayWithoutTheirRepeatedLines) {
  for (const double val_fraction : {1e-9, 0.5}) {
    for (int num_left = 1; num_left < 12; ++num_left) {
      std::vector<NamedText> texts;
      for (int i = 0; i < 30; ++i)
        texts.push_back({std::to_string(i), (i < num_left ? sentence(i) + "\n" : std::to_string(i) + "\n") + notice});
      const Written written =
          write(texts, {.val_fraction = val_fraction, .near_duplicates = false, .repeated_line_documents = 2});
      EXPECT_EQ(written.train.size() + written.val.size(), static_cast<size_t>(num_left));
      EXPECT_GE(written.train.size(), 1U) << val_fraction << ", " << num_left;
      EXPECT_EQ(written.val.empty(), num_left == 1) << val_fraction << ", " << num_left;
    }
  }
}

TEST(Assemble, RepeatedLinesGoAndTheRestStaysAsItWas) {
  std::vector<NamedText> texts;
  for (int i = 0; i < 3; ++i)
    texts.push_back({std::to_string(i), "제목\n\n" + notice + "\n\n" + sentence(i) + "\n  들여 쓴 줄\n" + notice});
  texts.push_back({"3", notice + "\n짧다."});
  texts.push_back({"4", sentence(4)});
  const Written written = write(texts, {.val_fraction = 0, .near_duplicates = false, .repeated_line_documents = 2});
  ASSERT_EQ(written.train.size(), 4U);
  EXPECT_EQ(written.train[0].text, "제목\n\n" + sentence(0) + "\n  들여 쓴 줄");
  EXPECT_EQ(written.train[3].text, sentence(4));
  ASSERT_EQ(written.changes.size(), 4U);  // of one file, in its order
  EXPECT_EQ(written.changes[0].reason, DropReason::kNone);
  EXPECT_EQ(written.changes[0].lines_removed, 2);
  EXPECT_EQ(written.changes[0].after.bytes, static_cast<int64_t>(written.train[0].text.size()));
  EXPECT_EQ(written.changes[3].reason, DropReason::kRepeatedLines);
  EXPECT_EQ(written.changes[3].excerpt, texts[3].text);
}

}  // namespace
}  // namespace ktlm::corpus
