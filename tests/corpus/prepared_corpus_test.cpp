#include "ktlm/corpus/prepared_corpus.h"

#include <gtest/gtest.h>

#include "compress.h"
#include "corpus_fixtures.h"
#include "error_message.h"
#include "ktlm/corpus/prepare.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

namespace fs = std::filesystem;
using test::error_message;

class PreparedCorpusTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += "{\"text\":\"" + test::sentence(i) + "\"}\n";
    PrepareConfig config;
    config.shard_bytes = 2000;
    prepare({test::write_text(folder_ / "a.jsonl", lines)}, directory_, config, stop_flag_, {}, {});
  }

  std::string open_error() {
    return error_message([this] { PreparedCorpus::open(directory_); });
  }

  test::TemporaryDirectory folder_;
  fs::path directory_ = folder_ / "prepared";
  StopFlag stop_flag_;
};

TEST_F(PreparedCorpusTest, DocumentsComeInOneOrderThroughAllShards) {
  const PreparedCorpus corpus = PreparedCorpus::open(directory_);
  std::vector<std::string> first, second;
  for (auto* texts : {&first, &second}) {
    corpus.for_each_document(Split::kTrain, [&](Document&& document) {
      texts->push_back(document.text);
      return true;
    });
  }
  EXPECT_EQ(first, second);
  EXPECT_EQ(static_cast<int64_t>(first.size()), corpus.num_documents(Split::kTrain));
  EXPECT_EQ(first.front(), test::sentence(0));
}

TEST_F(PreparedCorpusTest, VisitingStopsWhenAsked) {
  int visited = 0;
  PreparedCorpus::open(directory_).for_each_document(Split::kTrain, [&](Document&&) { return ++visited < 30; });
  EXPECT_EQ(visited, 30);
}

TEST_F(PreparedCorpusTest, MissingAndForeignDirectoriesAreRefused) {
  EXPECT_EQ(error_message([] { PreparedCorpus::open("nowhere"); }),
            "nowhere: is no prepared directory (no manifest.json); run ktlm prepare first");
  const std::string manifest = (directory_ / "manifest.json").string();
  test::write_text(manifest, "{\"format\":\"other\"}");
  EXPECT_EQ(open_error(), manifest + ": is no manifest of a prepared directory; run ktlm prepare first");
  test::write_text(manifest, "{\"format\":\"ktlm-prepared\",\"version\":99}");
  EXPECT_EQ(open_error(), manifest + ": has version 99, expected 1; run ktlm prepare again");
  test::write_text(manifest, "{\"format\":\"ktlm-prep");
  EXPECT_EQ(open_error().substr(0, manifest.size() + 16), manifest + ": not valid JSON");
}

TEST_F(PreparedCorpusTest, MissingAndTruncatedShardsAreNamed) {
  const fs::path shard = directory_ / "train-00001.jsonl.zst";
  const auto size = fs::file_size(shard);
  fs::resize_file(shard, size - 5);
  EXPECT_EQ(open_error(), shard.string() + ": " + std::to_string(size - 5) + " bytes, but the manifest says " +
                              std::to_string(size) + "; run ktlm prepare again");
  fs::remove(shard);
  EXPECT_EQ(open_error(),
            shard.string() + ": can't be read: No such file or directory (errno 2); run ktlm prepare again");
}

TEST_F(PreparedCorpusTest, ADamagedDocumentNamesFileAndLine) {
  const fs::path shard = directory_ / "train-00000.jsonl.zst";
  const auto size = fs::file_size(shard);
  std::string content = test::zstd("{\"text\":\"글\"}\n{\"id\":\"2\"}\n");
  content += std::string("\x50\x2a\x4d\x18", 4);  // a skippable frame pads the file to its size
  const auto padding = static_cast<uint32_t>(size - content.size() - 4);
  for (int shift = 0; shift < 32; shift += 8) content += static_cast<char>(padding >> shift & 0xFF);
  content += std::string(padding, '\0');
  test::write_text(shard, content);
  const PreparedCorpus corpus = PreparedCorpus::open(directory_);
  EXPECT_EQ(error_message([&] { corpus.for_each_document(Split::kTrain, [](Document&&) { return true; }); }),
            shard.string() + ":2: key \"text\" is missing");
}

}  // namespace
}  // namespace ktlm::corpus
