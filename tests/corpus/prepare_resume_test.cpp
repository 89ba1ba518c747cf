// What a run of prepare that did not come to its end leaves, and what the next one makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#ifdef __linux__
#include <sys/mount.h>
#endif

#include "error_message.h"
#include "prepare_fixture.h"

namespace ktlm::corpus {
namespace {

namespace fs = std::filesystem;
using test::error_message;
using test::json_line;
using test::sentence;

using PrepareResumeTest = test::PrepareTest;

TEST_F(PrepareResumeTest, StoppedWorkGoesOnWhereItWasAndEndsAsIfNeverStopped) {
  std::vector<std::string> inputs = inputs_of_all_kinds();
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += json_line(sentence(i));
  inputs.insert(inputs.begin() + 1, put("a.jsonl", lines));
  run(inputs);
  const auto expected = output();
  fs::remove_all(out_);

  // Stops from within the work each time that a little more of it is done.
  int num_stops = 0;
  int64_t last_done = -1;
  while (true) {
    stop_flag_.clear();
    const PrepareSummary summary = prepare(inputs, out_, config_, stop_flag_,
                                           [&](const Progress& progress) {
                                             if (progress.stage == "preparing" && progress.done > last_done)
                                               stop_flag_.request(2);
                                             last_done = std::max(last_done, progress.done);
                                           },
                                           {});
    if (!summary.stopped) {
      EXPECT_TRUE(summary.resumed);
      break;
    }
    EXPECT_TRUE(summary.can_go_on);
    EXPECT_FALSE(fs::exists(out_));
    EXPECT_TRUE(fs::exists(partial_directory(out_)));
    ++num_stops;
  }
  EXPECT_GT(num_stops, 1);
  EXPECT_TRUE(output() == expected);
  EXPECT_FALSE(fs::exists(partial_directory(out_)));
}

TEST_F(PrepareResumeTest, StoppedWorkIsNotGoneOnWithForAnythingElse) {
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += json_line(sentence(i));
  const std::string path = put("a.jsonl", lines);
  const auto stop = [&] {
    stop_flag_.clear();
    prepare({path}, out_, config_, stop_flag_, [this](const Progress&) { stop_flag_.request(2); }, {});
    stop_flag_.clear();
  };
  stop();
  config_.min_chars = 10;
  EXPECT_FALSE(run({path}).resumed);
  EXPECT_EQ(warnings_, std::vector<std::string>{partial_directory(out_).string() +
                                                ": left by a run with other inputs or settings; starting again"});
  stop();
  put("a.jsonl", lines + json_line(sentence(77'777)));  // the file has grown
  const PrepareSummary summary = run({path});
  EXPECT_FALSE(summary.resumed);
  EXPECT_EQ(summary.total.kept, 20'001);
}

TEST_F(PrepareResumeTest, WhatAStoppedRunLeftIsDoneAgainWhereItIsDamaged) {
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += json_line(sentence(i));
  const std::string path = put("a.jsonl", lines);
  prepare({path}, out_, config_, stop_flag_, [this](const Progress&) { stop_flag_.request(2); }, {});
  stop_flag_.clear();
  const auto expect_to_start_again = [&] {
    warnings_.clear();
    const PrepareSummary summary = run({path});
    EXPECT_FALSE(summary.resumed);
    EXPECT_EQ(summary.total.kept, 20'000);
    EXPECT_EQ(warnings_, std::vector<std::string>{partial_directory(out_).string() +
                                                  ": what an earlier run has left is damaged; starting again"});
  };
  fs::resize_file(partial_directory(out_) / "text.zst", 100);
  expect_to_start_again();

  prepare({path}, out_, config_, stop_flag_, [this](const Progress&) { stop_flag_.request(2); }, {});
  stop_flag_.clear();
  std::string state = read_file(partial_directory(out_) / "part.state");
  state.replace(state.find("\"next_order\""), 12, "\"last_order\"");
  test::write_text(partial_directory(out_) / "part.state", state);
  expect_to_start_again();
}

TEST_F(PrepareResumeTest, TwoAtWorkOnOneOutputExcludeEachOther) {
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += json_line(sentence(i));
  const std::string path = put("a.jsonl", lines);
  std::string message;
  prepare({path}, out_, config_, stop_flag_,
          [&](const Progress&) {
            if (message.empty()) message = error_message([&] { run({path}); });
          },
          {});
  EXPECT_THAT(message, testing::MatchesRegex(partial_directory(out_).string() +
                                             ": in use by another ktlm \\(process [0-9]+\\); wait for it, or choose "
                                             "another --out"));
  EXPECT_EQ(documents(Split::kTrain).size() + documents(Split::kVal).size(), 20'000U);
}

// Lines of JSON in a .gz that ends too early, and the whole of it.
struct CutFile {
  std::string whole, cut;
};
CutFile cut_file(int first, int count) {
  std::string lines;
  for (int i = first; i < first + count; ++i) lines += json_line(sentence(i));
  CutFile file{.whole = test::gzip(lines), .cut = {}};
  file.cut = file.whole.substr(0, file.whole.size() / 2);
  return file;
}

class DamagedInputTest : public PrepareResumeTest {
 protected:
  // A few small texts, a large file, small ones again, then the file that is damaged, and one behind it.
  std::vector<std::string> inputs_with(const std::string& damaged) {
    std::vector<std::string> inputs;
    for (int i = 0; i < 5; ++i) inputs.push_back(put(std::to_string(i) + ".txt", sentence(90'000 + i)));
    inputs.push_back(put("large.jsonl", lines(0, 20'000)));
    for (int i = 5; i < 9; ++i) inputs.push_back(put(std::to_string(i) + ".txt", sentence(90'000 + i)));
    inputs.push_back(put("news.jsonl.gz", damaged));
    inputs.push_back(put("z.txt", sentence(95'000)));
    return inputs;
  }
  static std::string lines(int first, int count) {
    std::string all;
    for (int i = first; i < first + count; ++i) all += json_line(sentence(i));
    return all;
  }
  std::string goes_on() {
    return "; the same command then goes on from " + partial_directory(out_).string() +
           ", or at once with --skip-damaged";
  }
};

TEST_F(DamagedInputTest, WhatCameBeforeItIsKeptUntilTheFileIsReplaced) {
  for (const int num_documents : {10, 20'000}) {  // the damage in the first batch, and behind others
    const CutFile file = cut_file(30'000, num_documents);
    run(inputs_with(file.whole));
    const auto expected = output();
    fs::remove_all(out_);
    const std::vector<std::string> inputs = inputs_with(file.cut);
    for (int i = 0; i < 2; ++i) {  // trying again before it is replaced loses nothing
      EXPECT_THAT(error_message([&] { run(inputs); }),
                  testing::AllOf(testing::HasSubstr("news.jsonl.gz: "), testing::EndsWith(goes_on())));
    }
    EXPECT_FALSE(fs::exists(out_));
    put("news.jsonl.gz", file.whole);
    put("z.txt", sentence(95'000));  // not begun: may be another
    warnings_.clear();
    EXPECT_TRUE(run(inputs).resumed);
    EXPECT_THAT(warnings_, testing::IsEmpty());
    EXPECT_TRUE(output() == expected);
    fs::remove_all(out_);
  }
}

TEST_F(DamagedInputTest, AFileThatWasReadAndHasChangedStartsAgain) {
  const CutFile file = cut_file(30'000, 10);
  const std::vector<std::string> inputs = inputs_with(file.cut);
  EXPECT_THAT(error_message([&] { run(inputs); }), testing::EndsWith(goes_on()));
  put("news.jsonl.gz", file.whole);
  put("3.txt", sentence(93'000) + sentence(93'001));
  const PrepareSummary summary = run(inputs);
  EXPECT_FALSE(summary.resumed);
  EXPECT_EQ(summary.total.kept, 20'020);
  EXPECT_EQ(warnings_, std::vector<std::string>{partial_directory(out_).string() +
                                                ": left by a run with other inputs or settings; starting again"});
}

TEST_F(DamagedInputTest, AFileThatWasBegunBeforeAStopMayBeReplacedToo) {
  const CutFile file = cut_file(30'000, 30'000);
  const std::vector<std::string> inputs = inputs_with(file.cut);
  bool is_in_file = false;
  const auto stop_in_file = [&](const Progress& progress) {
    is_in_file = is_in_file || progress.done > static_cast<int64_t>(fs::file_size(folder_ / "large.jsonl")) + 10'000;
    if (is_in_file) stop_flag_.request(2);
  };
  ASSERT_TRUE(prepare(inputs, out_, config_, stop_flag_, stop_in_file, {}).stopped);
  stop_flag_.clear();
  EXPECT_THAT(error_message([&] { run(inputs); }), testing::EndsWith(goes_on()));
  put("news.jsonl.gz", file.whole);
  const PrepareSummary summary = run(inputs);
  EXPECT_TRUE(summary.resumed);
  EXPECT_EQ(summary.total.kept, 50'010);
}

TEST_F(DamagedInputTest, SkippedGivesItsReadableDocumentsAndIsCounted) {
  for (const bool goes_on_from_a_failure : {false, true}) {
    const std::vector<std::string> inputs = inputs_with(cut_file(30'000, 20'000).cut);
    config_.skip_damaged = false;
    if (goes_on_from_a_failure) {
      EXPECT_THAT(error_message([&] { run(inputs); }), testing::EndsWith(goes_on()));
    }
    config_.skip_damaged = true;
    warnings_.clear();
    const PrepareSummary summary = run(inputs);
    EXPECT_EQ(summary.resumed, goes_on_from_a_failure);
    const InputSummary& damaged = summary.inputs[10];
    EXPECT_EQ(damaged.damaged_files, 1);
    EXPECT_GT(damaged.counts.kept, 5'000);
    EXPECT_LT(damaged.counts.kept, 20'000);
    EXPECT_GT(damaged.counts.bytes_in, damaged.counts.text_bytes);
    EXPECT_EQ(summary.inputs[11].counts.kept, 1);
    ASSERT_EQ(warnings_.size(), 1U);
    EXPECT_THAT(warnings_[0],
                testing::MatchesRegex(".*news.jsonl.gz: .* \\(skipped; [0-9]+ documents before that count\\)"));
    EXPECT_THAT(read_file(out_ / "manifest.json"), testing::HasSubstr("\"damaged_files\": 1"));
    EXPECT_THAT(read_file(out_ / "report.html"), testing::HasSubstr("1, 1 damaged"));
  }
}

TEST_F(DamagedInputTest, DocumentsOfAShortFileAreReadUpToTheDamageToo) {
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += json_line(sentence(i));
  config_.skip_damaged = true;
  int number = 0;
  for (const std::string& whole : {test::gzip(lines), test::xz(lines), test::zstd(lines)}) {
    const std::string path = put(std::to_string(++number) + ".jsonl", whole.substr(0, whole.size() * 9 / 10));
    const PrepareSummary summary = run({path});
    EXPECT_EQ(summary.inputs[0].damaged_files, 1);
    EXPECT_GT(summary.total.kept, 500) << number;
    EXPECT_LT(summary.total.kept, 2000) << number;
  }
}

TEST_F(DamagedInputTest, NothingIsKeptWhereNothingCameBefore) {
  const std::vector<std::string> inputs = {put("news.jsonl.gz", cut_file(0, 20'000).cut), put("z.txt", sentence(1))};
  EXPECT_THAT(error_message([&] { run(inputs); }), testing::Not(testing::HasSubstr("goes on")));
  EXPECT_FALSE(fs::exists(partial_directory(out_)));
}

#ifdef __linux__
TEST_F(PrepareResumeTest, AFullDiskInTheSecondPassKeepsWhatTheFirstHasDone) {
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += json_line(sentence(i) + sentence(i * 7919 % 100'003));
  const std::string path = put("a.jsonl", lines);
  const fs::path shard = prepare_shard({path}, folder_ / "measured", {1, 1}, config_, stop_flag_, {}, {}).out_dir;
  uintmax_t part_bytes = 0;
  for (const auto& entry : fs::directory_iterator(shard)) part_bytes += entry.file_size();

  const fs::path disk = folder_ / "disk";
  fs::create_directory(disk);
  const std::string size = "size=" + std::to_string(part_bytes + 100'000);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, size.c_str()) != 0) GTEST_SKIP() << "only root may mount a small disk";
  struct Unmount {
    const fs::path& disk;
    ~Unmount() { ::umount2(disk.c_str(), MNT_DETACH); }
  } unmount{disk};
  out_ = disk / "prepared";
  EXPECT_THAT(error_message([&] { run({path}); }),
              testing::EndsWith("; the same command then goes on from " + partial_directory(out_).string()));
  EXPECT_FALSE(fs::exists(out_));
  ASSERT_EQ(::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=100m"), 0);
  const PrepareSummary summary = run({path});
  EXPECT_TRUE(summary.resumed);
  EXPECT_EQ(summary.total.kept, 20'000);
  EXPECT_FALSE(fs::exists(partial_directory(out_)));
}

TEST_F(PrepareResumeTest, AFullDiskIsOneLineAndLeavesNothingBehind) {
  const fs::path disk = folder_ / "disk";
  fs::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=128k") != 0) GTEST_SKIP() << "only root may mount a small disk";
  struct Unmount {
    const fs::path& disk;
    ~Unmount() { ::umount2(disk.c_str(), MNT_DETACH); }
  } unmount{disk};
  std::string lines;
  for (int i = 0; i < 60'000; ++i) lines += json_line(sentence(i) + sentence(i * 7919 % 100'003));
  const std::string path = put("a.jsonl", lines);
  out_ = disk / "prepared";
  EXPECT_THAT(error_message([&] { run({path}); }),
              testing::AllOf(testing::HasSubstr("can't be written: No space left on device (errno 28)"),
                             testing::HasSubstr("free some space or choose another place")));
  EXPECT_TRUE(fs::is_empty(disk));
}
#endif

}  // namespace
}  // namespace ktlm::corpus
