#include "ktlm/train/run_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "temporary_directory.h"

namespace ktlm::train {
namespace {

using testing::ElementsAre;

constexpr const char* kConfig =
    "model:\n  max_seq_len: 100\ntrain:\n  max_steps: 40\n  micro_batch_size: 2\n  grad_accum_steps: 5\n"
    "  sample_prompts: [\"한글은\", 물]\n";

class RunHistoryTest : public testing::Test {
 protected:
  RunHistory read(const std::string& metrics) const {
    write_file_atomically(run_dir_ / "metrics.jsonl", metrics);
    return read_run_history(run_dir_.path());
  }
  void write_config(const std::string& yaml) const { write_file_atomically(run_dir_ / "config.yaml", yaml); }

  static std::vector<int64_t> steps(const RunHistory& run) {
    std::vector<int64_t> steps;
    for (const StepReport& report : run.reports) steps.push_back(report.step);
    return steps;
  }

  test::TemporaryDirectory run_dir_;
};

TEST_F(RunHistoryTest, TellsReportsValidationsAndSamplesApart) {
  const RunHistory run =
      read(R"({"step":10,"time":100.5,"train/loss":4.5,"train/learning_rate":0.001,"train/gradient_norm":1.5,)"
           R"("train/epoch":0.1,"train/tokens_per_second":2000.0,"train/memory_bytes":1e9})"
           "\n"
           R"({"step":10,"time":101.0,"val/loss":4.25,"val/perplexity":70.1,"val/bits_per_byte":1.5})"
           "\n"
           R"({"step":10,"time":102.0,"sample/한글은":"한글은 글자다"})"
           "\n");
  ASSERT_EQ(run.reports.size(), 1U);
  const StepReport& report = run.reports[0];
  EXPECT_EQ(report.step, 10);
  EXPECT_EQ(report.time, 100.5);
  EXPECT_EQ(report.loss, 4.5);
  EXPECT_EQ(report.learning_rate, 0.001);
  EXPECT_EQ(report.gradient_norm, 1.5);
  EXPECT_EQ(report.tokens_per_second, 2000);
  EXPECT_EQ(report.memory_bytes, 1e9);
  ASSERT_EQ(run.validations.size(), 1U);
  EXPECT_EQ(run.validations[0].loss, 4.25);
  EXPECT_EQ(run.validations[0].bits_per_byte, 1.5);
  ASSERT_EQ(run.samples.size(), 1U);
  EXPECT_EQ(run.samples[0].prompt, "한글은");
  EXPECT_EQ(run.samples[0].text, "한글은 글자다");
  EXPECT_EQ(run.unreadable_lines, 0);
}

TEST_F(RunHistoryTest, TornLastLineIsNoDamageButOthersAreCounted) {
  const RunHistory run = read(
      "{\"step\":1,\"train/loss\":4}\n{\"step\":2,\"tra\n[]\n{\"step\":-3,\"train/loss\":4}\n{\"step\":\"x\"}\n"
      "{\"step\":3,\"train/loss\":3}\n{\"step\":4,\"train/lo");
  EXPECT_THAT(steps(run), ElementsAre(1, 3));
  EXPECT_EQ(run.unreadable_lines, 4);
}

TEST_F(RunHistoryTest, NullAndWhatIsNotThereAreNoNumbers) {
  const RunHistory run = read("{\"step\":1,\"train/loss\":null,\"train/gradient_norm\":\"x\"}\n");
  ASSERT_EQ(run.reports.size(), 1U);
  EXPECT_TRUE(std::isnan(run.reports[0].loss));
  EXPECT_TRUE(std::isnan(run.reports[0].gradient_norm));
  EXPECT_TRUE(std::isnan(run.reports[0].memory_bytes));
}

TEST_F(RunHistoryTest, WhatARunDidAgainReplacesWhatCameBefore) {
  const RunHistory run = read(
      "{\"step\":1,\"train/loss\":9}\n{\"step\":2,\"train/loss\":9}\n{\"step\":2,\"val/loss\":9}\n"
      "{\"step\":2,\"sample/a\":\"old\"}\n{\"step\":2,\"sample/b\":\"old\"}\n{\"step\":3,\"train/loss\":9}\n"
      "{\"step\":2,\"train/loss\":5}\n{\"step\":2,\"val/loss\":6}\n{\"step\":2,\"sample/a\":\"new\"}\n");
  EXPECT_THAT(steps(run), ElementsAre(1, 2));
  EXPECT_EQ(run.reports[1].loss, 5);
  ASSERT_EQ(run.validations.size(), 1U);
  EXPECT_EQ(run.validations[0].loss, 6);
  ASSERT_EQ(run.samples.size(), 2U);
  EXPECT_EQ(run.samples[0].text, "new");
}

TEST_F(RunHistoryTest, TimeLeavesOutBreaks) {
  write_config(kConfig);  // 1,000 tokens a step
  const RunHistory run = read(
      "{\"step\":10,\"time\":1000,\"train/loss\":4,\"train/tokens_per_second\":1000}\n"
      "{\"step\":20,\"time\":90000,\"train/loss\":4,\"train/tokens_per_second\":500}\n"
      "{\"step\":30,\"time\":99000,\"train/loss\":4,\"train/tokens_per_second\":null}\n");
  EXPECT_EQ(run.max_steps, 40);
  EXPECT_EQ(run.reports[0].training_seconds, 10);
  EXPECT_EQ(run.reports[1].training_seconds, 30);
  EXPECT_EQ(run.reports[2].training_seconds, 50);
  EXPECT_EQ(run.seconds_at(5), 5);
  EXPECT_EQ(run.seconds_at(15), 20);
  EXPECT_EQ(run.seconds_at(20), 30);
  EXPECT_EQ(run.seconds_at(99), 50);
}

TEST_F(RunHistoryTest, AStepsTokensAreThoseOfAllProcesses) {
  write_config(kConfig);  // 1,000 tokens a step and process
  write_file_atomically(run_dir_ / "inputs.json", R"({"data":"a","tokenizer":"b","windows_per_step":40})");
  const RunHistory run = read("{\"step\":10,\"time\":1000,\"train/loss\":4,\"train/tokens_per_second\":4000}\n");
  EXPECT_EQ(run.tokens_per_step, 4000);
  EXPECT_EQ(run.reports[0].training_seconds, 10);
}

TEST_F(RunHistoryTest, WithoutConfigurationTimeIsTheClocks) {
  const RunHistory run = read(
      "{\"step\":10,\"time\":1000,\"train/loss\":4,\"train/tokens_per_second\":1000}\n"
      "{\"step\":20,\"time\":1007,\"train/loss\":4,\"train/tokens_per_second\":1000}\n");
  EXPECT_EQ(run.reports[0].training_seconds, 0);
  EXPECT_EQ(run.reports[1].training_seconds, 7);
}

TEST_F(RunHistoryTest, ListsTheSettings) {
  write_config(kConfig);
  write_file_atomically(run_dir_ / "inputs.json", "{\"data\":\"data/a\",\"tokenizer\":\"data/b\"}");
  const RunHistory run = read("");
  EXPECT_FALSE(run.has_report());
  EXPECT_EQ(*run.find_setting("train.sample_prompts"), "[한글은, 물]");
  EXPECT_EQ(*run.find_setting("model.max_seq_len"), "100");
  EXPECT_EQ(*run.find_setting("data"), "data/a");
  EXPECT_EQ(run.find_setting("train.no_such"), nullptr);
  EXPECT_EQ(run.find_setting("hash of tokenizer.model"), nullptr);
}

TEST_F(RunHistoryTest, OneTokenizerIsTheSameSettingWhereverTheRunTookItFrom) {
  write_config(kConfig);
  write_file_atomically(run_dir_ / "tokenizer" / "tokenizer.model", "pieces");
  std::vector<std::string> hashes;
  for (const char* from : {"data/tokenizer", "runs/a/tokenizer"}) {
    write_file_atomically(run_dir_ / "inputs.json", "{\"data\":\"d\",\"tokenizer\":\"" + std::string(from) + "\"}");
    const RunHistory run = read("");
    ASSERT_NE(run.find_setting("hash of tokenizer.model"), nullptr);
    hashes.push_back(*run.find_setting("hash of tokenizer.model"));
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST_F(RunHistoryTest, DamagedConfigurationIsShownAsItStands) {
  write_config("model: [\n");
  const RunHistory run = read("{\"step\":1,\"train/loss\":4}\n");
  EXPECT_EQ(run.config_yaml, "model: [\n");
  EXPECT_TRUE(run.settings.empty());
  EXPECT_EQ(run.reports.size(), 1U);
}

TEST_F(RunHistoryTest, DirectoryThatIsNoRunIsRefused) {
  EXPECT_EQ(test::error_message([&] { read_run_history(run_dir_.path()); }),
            run_dir_.path().string() +
                ": no run directory (neither metrics.jsonl nor config.yaml there); name one that ktlm train made, such "
                "as runs/small");
}

}  // namespace
}  // namespace ktlm::train
