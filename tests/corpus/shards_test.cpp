// The work of one prepare() done by several, and put together: the same files, byte for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "corpus_fixtures.h"
#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/corpus/prepare.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

namespace fs = std::filesystem;
using test::error_message;
using test::sentence;

class ShardsTest : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& content) {
    return test::write_text(folder_ / name, content);
  }

  // Lines from `first` on, every tenth a repetition of an earlier one.
  static std::string lines(int first, int count) {
    std::string all;
    for (int i = first; i < first + count; ++i)
      all += "{\"text\":\"" + sentence(i % 10 == 9 ? i / 2 : i) + "\\n모든 글에 똑같이 들어 있는 긴 알림 줄 하나.\"}\n";
    return all;
  }

  std::map<std::string, std::string> output(const fs::path& directory) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(directory))
      files[entry.path().filename().string()] = read_file(entry.path());
    return files;
  }

  std::vector<fs::path> run_shards(const std::vector<std::string>& inputs, int64_t count) {
    std::vector<fs::path> directories;
    for (int64_t number = count; number >= 1; --number) {
      const Shard shard{number, count};
      const PrepareSummary summary = prepare_shard(inputs, folder_ / "merged", shard, config_, no_stop_, {}, {});
      EXPECT_EQ(summary.out_dir, shard_directory(folder_ / "merged", shard));
      directories.push_back(summary.out_dir);
    }
    return directories;
  }

  void expect_same_as_one_run(const std::vector<std::string>& inputs, int64_t count) {
    prepare(inputs, folder_ / "whole", config_, no_stop_, {}, {});
    const PrepareSummary merged = merge_shards(run_shards(inputs, count), folder_ / "merged", config_, no_stop_, {});
    EXPECT_TRUE(output(folder_ / "merged") == output(folder_ / "whole")) << count << " shards";
    EXPECT_GT(merged.total.dropped[static_cast<size_t>(DropReason::kDuplicate)], 50);
    EXPECT_GT(merged.total.lines_removed, 1000);
  }

  test::TemporaryDirectory folder_;
  PrepareConfig config_{.threads = 2, .shard_bytes = 100'000, .near_duplicates = false};
  StopFlag no_stop_;
};

TEST_F(ShardsTest, BatchesOfOneFileAreDealtOut) {
  const std::string path = put("a.jsonl", lines(0, 5000));
  for (const int64_t count : {2, 3, 9}) expect_same_as_one_run({path}, count);
}

TEST_F(ShardsTest, ManyFilesAreDealtOut) {
  for (int i = 0; i < 7; ++i) put("in/" + std::to_string(i) + ".jsonl", lines(1000 * i, 1200));
  for (const int64_t count : {2, 7}) expect_same_as_one_run({(folder_ / "in").string()}, count);
}

TEST_F(ShardsTest, ALargeFileBesideSmallOnesIsDealtOutInBatches) {
  for (int i = 0; i < 40; ++i) put("in/" + std::to_string(i) + ".jsonl", lines(100 * i, 110));
  put("in/20_large.jsonl", lines(10'000, 8000));
  const std::vector<std::string> inputs = {(folder_ / "in").string(), put("z.jsonl", lines(50'000, 3000))};
  expect_same_as_one_run(inputs, 3);
  for (int64_t number = 1; number <= 3; ++number) {
    const PrepareSummary shard = prepare_shard(inputs, folder_ / "counted", {number, 3}, config_, no_stop_, {}, {});
    EXPECT_GT(shard.total.documents_in, 4000) << number;
    EXPECT_LT(shard.total.documents_in, 6500) << number;
  }
}

TEST_F(ShardsTest, OneShardAloneIsAShardToo) { expect_same_as_one_run({put("a.jsonl", lines(0, 2000))}, 1); }

TEST_F(ShardsTest, WhatPrepareHasMadeInAnInputFolderIsNoInput) {
  for (int i = 0; i < 3; ++i) put(std::to_string(i) + ".jsonl", lines(1000 * i, 1200));
  const std::vector<std::string> inputs = {folder_.path().string()};
  // Each shard finds those before it in the folder that it reads, and at last the whole result.
  merge_shards(run_shards(inputs, 2), folder_ / "merged", config_, no_stop_, {});
  const PrepareSummary again = prepare_shard(inputs, folder_ / "merged", {1, 2}, config_, no_stop_, {}, {});
  EXPECT_EQ(again.inputs[0].files, 3);
  EXPECT_EQ(prepare(inputs, folder_ / "merged", config_, no_stop_, {}, {}).total.documents_in, 3600);
}

TEST_F(ShardsTest, AShardCountsTheBytesOfItsOwnFiles) {
  int64_t all_bytes = 0;
  for (int i = 0; i < 4; ++i)
    all_bytes += static_cast<int64_t>(fs::file_size(put("in/" + std::to_string(i) + ".jsonl", lines(1000 * i, 1000))));
  int64_t sum = 0;
  for (int64_t number = 1; number <= 2; ++number) {
    Progress last;
    prepare_shard({(folder_ / "in").string()}, folder_ / "out", {number, 2}, config_, no_stop_,
                  [&](const Progress& progress) { last = progress; }, {});
    EXPECT_EQ(last.done, last.total);
    EXPECT_NEAR(static_cast<double>(last.total), static_cast<double>(all_bytes) / 2,
                0.1 * static_cast<double>(all_bytes));
    sum += last.total;
  }
  EXPECT_EQ(sum, all_bytes);
}

TEST_F(ShardsTest, DamagedUnfinishedAndForeignShardsAreNotMerged) {
  const std::string path = put("a.jsonl", lines(0, 3000));
  const auto shards = run_shards({path}, 2);
  const auto merge = [&] {
    return error_message([&] { merge_shards(shards, folder_ / "out", config_, no_stop_, {}); });
  };
  const std::string state = read_file(shards[1] / "part.state");
  const auto with_state = [&](const std::string& from, const std::string& to) {
    std::string changed = state;
    changed.replace(changed.find(from), from.size(), to);
    test::write_text(shards[1] / "part.state", changed);
    return merge();
  };
  const std::string where = shards[1].string();
  EXPECT_EQ(with_state("\"complete\":true", "\"complete\":false"), where + ": is unfinished; run that shard again");
  EXPECT_EQ(with_state("\"version\":", "\"version\":1"),
            where + ": made by another version of ktlm; run that shard again");
  EXPECT_EQ(with_state("\"count\":1", "\"count\":2"),
            where + ": made with other files than " + shards[0].string() + "; run that shard again");
  test::write_text(shards[1] / "part.state", state);
  fs::resize_file(shards[1] / "text.zst", 100);
  EXPECT_EQ(merge(), where + ": its files are not as part.state tells (copied in part?); copy it again, or run that " +
                         "shard again");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(ShardsTest, WhatDoesNotBelongTogetherIsNotMerged) {
  const std::string path = put("a.jsonl", lines(0, 1000));
  const auto shards = run_shards({path}, 3);
  const auto merge = [&](const std::vector<fs::path>& directories) {
    return error_message([&] { merge_shards(directories, folder_ / "out", config_, no_stop_, {}); });
  };
  EXPECT_EQ(merge({shards[0], shards[1]}),
            shards[0].string() + ": shard 1/3 is missing; run ktlm prepare --shard 1/3, or name its directory");
  EXPECT_EQ(merge({shards[0], shards[1], shards[0]}), shards[0].string() + ": shard 3/3 is there twice; name it once");
  EXPECT_EQ(merge({folder_.path()}),
            folder_.path().string() + ": is no shard (no part.state); ktlm prepare --shard makes them");
  const fs::path other = prepare_shard({path}, folder_ / "merged", {1, 2}, config_, no_stop_, {}, {}).out_dir;
  EXPECT_EQ(merge({shards[0], other}),
            other.string() + ": is shard 1/2, but " + shards[0].string() + " is 3/3; merge shards of one division");
  config_.min_chars = 5;
  const fs::path changed = prepare_shard({path}, folder_ / "merged", {1, 3}, config_, no_stop_, {}, {}).out_dir;
  EXPECT_EQ(merge({shards[0], shards[1], changed}),
            changed.string() + ": made with other settings than " + shards[0].string() + "; run that shard again");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(ShardsTest, StandardInputCantBeShared) {
  EXPECT_EQ(error_message([&] {
              prepare_shard({"-"}, folder_ / "out", {1, 2}, config_, no_stop_, {}, {});
            }),
            "standard input: can't be shared between machines; name files");
}

TEST_F(ShardsTest, AFolderOfOtherThingsIsNotReplacedByAShard) {
  const std::string path = put("a.jsonl", lines(0, 10));
  put("out.shard-1-of-2/thesis.txt", "kept");
  EXPECT_EQ(error_message([&] {
              prepare_shard({path}, folder_ / "out", {1, 2}, config_, no_stop_, {}, {});
            }),
            (folder_ / "out.shard-1-of-2").string() +
                ": holds something else than a shard and is left as it is; remove it or choose another --out");
  EXPECT_EQ(read_file(folder_ / "out.shard-1-of-2" / "thesis.txt"), "kept");
}

}  // namespace
}  // namespace ktlm::corpus
