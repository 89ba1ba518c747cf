#include "corpus_writer.h"

#include <gtest/gtest.h>

#include <set>

#include "byte_source.h"
#include "corpus_fixtures.h"
#include "ktlm/core/random.h"
#include "line_reader.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

ExtractedDocument document_of(const std::string& text, const std::string& id) {
  ExtractedDocument out;
  out.document = {.id = id, .title = "", .text = text, .source = "a", .messages = {}};
  out.hash = hash128(text);
  return out;
}

// The texts of a written file.
std::vector<Document> read_back(const std::filesystem::path& path) {
  const auto source = open_byte_source(path.string());
  LineReader lines(*source, path.string());
  std::vector<Document> documents;
  std::string_view line;
  while (lines.next(line)) documents.push_back(document_from_json_line(line, path.string()));
  return documents;
}

std::set<std::string> texts_of(const std::vector<Document>& documents) {
  std::set<std::string> texts;
  for (const Document& document : documents) texts.insert(document.text);
  return texts;
}

struct Written {
  std::vector<Document> train, val;
  std::string content_hash;
};

Written write_numbers(const std::vector<int64_t>& numbers, double val_fraction, int64_t shard_bytes = 1'000'000) {
  test::TemporaryDirectory folder;
  PrepareConfig config;
  config.val_fraction = val_fraction;
  config.shard_bytes = shard_bytes;
  CorpusWriter writer(folder.path(), config);
  for (int64_t number : numbers)
    writer.add(document_of(test::sentence(static_cast<int>(number)), std::to_string(number)));
  writer.finish();
  Written written;
  written.content_hash = writer.content_hash();
  for (const ShardInfo& shard : writer.train().shards()) {
    const auto documents = read_back(folder / shard.name);
    EXPECT_EQ(static_cast<int64_t>(documents.size()), shard.documents);
    written.train.insert(written.train.end(), documents.begin(), documents.end());
  }
  written.val = read_back(folder / "val.jsonl.zst");
  return written;
}

TEST(CorpusWriter, TheSameTextIsKeptOnce) {
  test::TemporaryDirectory folder;
  CorpusWriter writer(folder.path(), {});
  EXPECT_TRUE(writer.add(document_of("하나", "1")));
  EXPECT_TRUE(writer.add(document_of("둘", "2")));
  EXPECT_FALSE(writer.add(document_of("하나", "3")));
}

TEST(CorpusWriter, IdsAreMadeUnique) {
  test::TemporaryDirectory folder;
  PrepareConfig config;
  config.val_fraction = 0;
  CorpusWriter writer(folder.path(), config);
  for (int i = 0; i < 2000; ++i) writer.add(document_of(test::sentence(i), i % 2 == 0 ? "같은 이름" : "같은 이름-4"));
  writer.finish();
  std::set<std::string> ids;
  for (const Document& document : read_back(folder / "train-00000.jsonl.zst")) ids.insert(document.id);
  EXPECT_EQ(ids.size(), 2000U);
  EXPECT_EQ(ids.count("같은 이름"), 1U);
}

TEST(CorpusWriter, TheSplitDependsOnTheTextsAlone) {
  const auto forward = random_permutation(3000, 1), shuffled = random_permutation(3000, 2);
  const Written a = write_numbers(forward, 0.02), b = write_numbers(shuffled, 0.02);
  EXPECT_EQ(a.train.size() + a.val.size(), 3000U);
  EXPECT_NEAR(static_cast<double>(a.val.size()), 60, 25);
  // Up to each order's first document, which is trained on whatever its hash says.
  std::set<std::string> val_a = texts_of(a.val), val_b = texts_of(b.val);
  for (int64_t first : {forward[0], shuffled[0]}) {
    val_a.erase(test::sentence(static_cast<int>(first)));
    val_b.erase(test::sentence(static_cast<int>(first)));
  }
  EXPECT_EQ(val_a, val_b);
  EXPECT_NE(a.content_hash, b.content_hash);
  EXPECT_EQ(a.content_hash, write_numbers(forward, 0.02).content_hash);
}

TEST(CorpusWriter, OfTwoOrMoreDocumentsOneIsHeldOutAndOneIsTrainedOn) {
  for (const double val_fraction : {1e-9, 0.5}) {
    for (int64_t count = 2; count < 40; ++count) {
      const auto numbers = random_permutation(count, static_cast<uint64_t>(count));
      const Written written = write_numbers(numbers, val_fraction);
      EXPECT_GE(written.train.size(), 1U);
      EXPECT_GE(written.val.size(), 1U);
      std::set<std::string> all = texts_of(written.train);
      all.merge(texts_of(written.val));
      EXPECT_EQ(all.size(), numbers.size()) << "every document is written once";
      EXPECT_EQ(written.train.size() + written.val.size(), numbers.size());
    }
  }
}

TEST(CorpusWriter, OneDocumentIsTrainedOnAndNoFractionHoldsNoneOut) {
  EXPECT_EQ(write_numbers({1}, 0.5).train.size(), 1U);
  EXPECT_EQ(write_numbers({1}, 0.5).val.size(), 0U);
  EXPECT_EQ(write_numbers({1, 2, 3}, 0).val.size(), 0U);
}

TEST(CorpusWriter, ShardsCloseOnceTheyHoldEnoughText) {
  test::TemporaryDirectory folder;
  PrepareConfig config;
  config.val_fraction = 0;
  config.shard_bytes = 1000;
  CorpusWriter writer(folder.path(), config);
  for (int i = 0; i < 100; ++i) writer.add(document_of(test::sentence(i), std::to_string(i)));
  writer.finish();
  const auto& shards = writer.train().shards();
  ASSERT_GT(shards.size(), 5U);
  EXPECT_EQ(shards[1].name, "train-00001.jsonl.zst");
  std::vector<Document> all;
  for (const ShardInfo& shard : shards) {
    EXPECT_LT(shard.text_bytes, 1000 + 200);
    if (&shard != &shards.back()) {
      EXPECT_GE(shard.text_bytes, 1000);
    }
    EXPECT_EQ(static_cast<uint64_t>(shard.bytes), std::filesystem::file_size(folder / shard.name));
    for (Document& document : read_back(folder / shard.name)) all.push_back(std::move(document));
  }
  ASSERT_EQ(all.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(all[static_cast<size_t>(i)].text, test::sentence(i));
}

}  // namespace
}  // namespace ktlm::corpus
