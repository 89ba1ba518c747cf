// ktlm train --report through the program, which needs no libtorch for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "ktlm/core/files.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using testing::AllOf;
using testing::HasSubstr;

class TrainReport : public testing::Test {
 protected:
  ProgramResult report(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {KTLM_BINARY, "train", "--report"});
    return test::run_program(arguments, {.directory = directory_.path().string()});
  }
  void make_run(const std::string& name, const std::string& learning_rate) const {
    std::string lines;
    for (int step = 10; step <= 100; step += 10)
      lines += "{\"step\":" + std::to_string(step) + ",\"time\":" + std::to_string(1'700'000'000 + step) +
               ",\"train/loss\":" + std::to_string(10 - step / 20.0) +
               ",\"train/learning_rate\":1e-3,\"train/tokens_per_second\":100.0,\"train/memory_bytes\":1e9}\n";
    lines +=
        "{\"step\":100,\"time\":1700000101,\"sample/물은\":\"물은 <산소>\"}\n{\"step\":110,\"tr";  // going on just now
    write_file_atomically(directory_ / name / "metrics.jsonl", lines);
    write_file_atomically(directory_ / name / "config.yaml", "train:\n  learning_rate: " + learning_rate + "\n");
  }
  std::string page(const std::string& path) const { return read_file(directory_ / path); }

  test::TemporaryDirectory directory_;
};

TEST_F(TrainReport, OfOneRunStandsInTheRun) {
  make_run("runs/a", "0.001");
  const ProgramResult result = report({"runs/a/"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "runs/a/report.html\n");
  EXPECT_THAT(page("runs/a/report.html"), AllOf(HasSubstr("<h1>Training run a</h1>"), HasSubstr("&lt;산소&gt;")));
}

TEST_F(TrainReport, OfSeveralStandsBesideTheFirst) {
  make_run("runs/a", "0.001");
  make_run("runs/b & c", "0.002");
  const ProgramResult result = report({"runs/a", "runs/b & c"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "runs/report.html\n");
  EXPECT_THAT(page("runs/report.html"), AllOf(HasSubstr("<h1>2 training runs</h1>"), HasSubstr("b &amp; c"),
                                              HasSubstr("<td>train.learning_rate</td><td>0.001</td><td>0.002</td>")));
  EXPECT_FALSE(fs::exists(directory_ / "runs/a/report.html"));
}

TEST_F(TrainReport, StandsWhereOutSays) {
  make_run("a", "0.001");
  const ProgramResult result = report({"a", "a", "--out", "pages/new"});
  EXPECT_EQ(result.out, "pages/new/report.html\n") << result.err;
  EXPECT_TRUE(fs::exists(directory_ / "pages/new/report.html"));
}

TEST_F(TrainReport, RefusesInOneLineWhatIsNoRunOrHasNoReport) {
  make_run("a", "0.001");
  fs::create_directory(directory_ / "empty");
  const ProgramResult no_run = report({"a", "empty"});
  EXPECT_EQ(no_run.exit_code, 2);
  EXPECT_THAT(no_run.err, testing::StartsWith("ktlm train: empty: no run directory ("));
  write_file_atomically(directory_ / "fresh/config.yaml", "train:\n  max_steps: 100\n");
  const ProgramResult no_report = report({"fresh"});
  EXPECT_EQ(no_report.exit_code, 1);
  EXPECT_THAT(no_report.err, testing::StartsWith("ktlm train: fresh/metrics.jsonl: holds no report yet"));
  for (const ProgramResult& result : {no_run, no_report})
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
  EXPECT_FALSE(fs::exists(directory_ / "report.html"));
}

TEST_F(TrainReport, TrainsNothingSoTakesNoOptionsOfTraining) {
  make_run("a", "0.001");
  for (const std::string option : {"--resume", "--init-from", "--data"}) {
    const ProgramResult result = report(option == "--resume" ? std::vector<std::string>{"a", option}
                                                             : std::vector<std::string>{"a", option, "b"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.err,
              "ktlm train: --report trains nothing, so it does not go with " + option + "; drop one of them\n");
  }
}

}  // namespace
}  // namespace ktlm
