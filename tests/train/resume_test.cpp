// A run that was stopped, killed or damaged goes on as if nothing had happened: to the same bits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "cli/run_program.h"
#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/core/random.h"
#include "ktlm/corpus/prepare.h"
#include "ktlm/corpus/prepared_corpus.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"
#include "ktlm/train/checkpoint.h"
#include "tiny_run.h"

namespace ktlm::train {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class ResumeTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    uninterrupted_ = new test::TemporaryDirectory;
    train(tiny_request(tiny_data(), uninterrupted_->path()), {}, StopFlag());
  }
  static void TearDownTestSuite() {
    delete uninterrupted_;
    uninterrupted_ = nullptr;
  }

  TrainRequest request() const { return tiny_request(tiny_data(), run_dir_.path()); }

  // Trains up to `step`, as a SIGTERM at that step would stop it.
  TrainSummary train_until(TrainRequest run, int64_t step) const {
    StopFlag stop;
    TrainCallbacks callbacks;
    callbacks.progress = [&](const Progress& progress) {
      if (progress.stage == "training" && progress.done == step) stop.request(SIGTERM);
    };
    return train(run, callbacks, stop);
  }

  TrainSummary resume(TrainRequest run, std::vector<std::string>* warnings = nullptr) const {
    run.resume = true;
    TrainCallbacks callbacks;
    callbacks.warning = [&](const std::string& warning) {
      if (warnings != nullptr) warnings->push_back(warning);
    };
    return train(run, callbacks, StopFlag());
  }

  void expect_as_if_uninterrupted() const {
    expect_same_weights(uninterrupted_->path() / "model", run_dir_ / "model");
    EXPECT_EQ(losses(*uninterrupted_ / "metrics.jsonl"), losses(run_dir_ / "metrics.jsonl"));
  }

  // "step loss" of each line, as text: all digits count.
  static std::vector<std::string> losses(const fs::path& metrics) {
    std::vector<std::string> result;
    std::ifstream lines(metrics);
    for (std::string line; std::getline(lines, line);) {
      const Json report = parse_json(line, metrics.string());
      result.push_back(report.at("step").dump() + " " + report.at("train/loss").dump());
    }
    return result;
  }

  std::vector<std::string> child(int64_t hold) const {
    return {KTLM_TRAIN_CHILD, tiny_data().prepared.string(), tiny_data().tokenizer.string(), run_dir_.path().string(),
            std::to_string(hold)};
  }

  static test::TemporaryDirectory* uninterrupted_;
  test::TemporaryDirectory run_dir_;
};

test::TemporaryDirectory* ResumeTest::uninterrupted_ = nullptr;

TEST_F(ResumeTest, ResumedRunEqualsUninterruptedRun) {
  const auto first = train_until(request(), 7);
  EXPECT_EQ(first.outcome, TrainOutcome::kInterrupted);
  EXPECT_EQ(first.step, 7);
  EXPECT_FALSE(fs::exists(run_dir_ / "model"));
  EXPECT_EQ(read_file(run_dir_ / "latest"), "step-000007\n");
  const auto second = resume(request());
  EXPECT_EQ(second.outcome, TrainOutcome::kFinished);
  expect_as_if_uninterrupted();
}

TEST_F(ResumeTest, ReportsGoOnWhereTheLossWasHalfSummed) {
  test::TemporaryDirectory straight;
  auto run = tiny_request(tiny_data(), straight.path());
  run.train.log_every_steps = 6;
  train(run, {}, StopFlag());
  run.run_dir = run_dir_.path();
  train_until(run, 8);
  resume(run);
  EXPECT_EQ(losses(straight / "metrics.jsonl"), losses(run_dir_ / "metrics.jsonl"));
  EXPECT_EQ(losses(run_dir_ / "metrics.jsonl").size(), 4U);  // 6, 12, 18, 20
}

TEST_F(ResumeTest, RunKilledWithSigkillEqualsUninterruptedRun) {
  test::RunningProgram program(child(13), {});
  ASSERT_TRUE(program.wait_for("step 13.")) << program.result().err;
  program.send_signal(SIGKILL);
  EXPECT_EQ(program.wait().exit_code, 128 + SIGKILL);
  EXPECT_THAT(list_checkpoints(run_dir_.path()), ElementsAre(10, 5));
  resume(request());
  expect_as_if_uninterrupted();
}

TEST_F(ResumeTest, RunKilledAtAnyMomentEqualsUninterruptedRun) {
  // From loading the libraries to writing the model: whatever the moment hits. Most kills come soon behind a first
  // step, which a checkpoint follows within five, so that few runs get far and many are cut while they write one.
  Random random(42);
  for (int i = 0; i < 20; ++i) {
    test::RunningProgram program(child(0), {});
    const bool in_steps = i % 4 != 0 && program.wait_for("step ");
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(in_steps ? 60'000 : 400'000)));
    program.send_signal(SIGKILL);
    program.wait();
  }
  const auto last = test::run_program(child(0));
  EXPECT_EQ(last.exit_code, 0) << last.err;
  expect_as_if_uninterrupted();
}

TEST_F(ResumeTest, TruncatedCheckpointFallsBackToTheOneBefore) {
  train_until(request(), 12);
  const fs::path file = run_dir_ / "checkpoints/step-000012/model.safetensors";
  fs::resize_file(file, fs::file_size(file) / 2);
  std::vector<std::string> warnings;
  resume(request(), &warnings);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], testing::StartsWith(file.string() + ": "));
  EXPECT_THAT(warnings[0], testing::EndsWith("; going on from step-000010"));
  expect_as_if_uninterrupted();
}

TEST_F(ResumeTest, CheckpointWithAFlippedBitFallsBackToTheOneBefore) {
  train_until(request(), 12);
  const fs::path file = run_dir_ / "checkpoints/step-000012/optimizer.safetensors";
  std::string content = read_file(file);
  content[content.size() - 100] ^= 4;
  write_file_atomically(file, content);
  std::vector<std::string> warnings;
  resume(request(), &warnings);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], testing::MatchesRegex(".*optimizer.safetensors: its content is not what was written .hash "
                                                 "[0-9a-f]*, expected [0-9a-f]*.; the file is damaged; going on from "
                                                 "step-000010"));
  expect_as_if_uninterrupted();
}

TEST_F(ResumeTest, WithNoWholeCheckpointLeftSaysSo) {
  train_until(request(), 2);
  fs::resize_file(run_dir_ / "checkpoints/step-000002/trainer_state.json", 0);
  const std::string message = test::error_message([&] { resume(request()); });
  EXPECT_THAT(message, testing::HasSubstr("step-000002/trainer_state.json: "));
  EXPECT_THAT(message, testing::EndsWith("; no whole checkpoint is left in " + run_dir_.path().string() +
                                         ": start again with another --out"));
}

TEST_F(ResumeTest, WithoutACheckpointStartsAtStepZeroAndSaysSo) {
  std::vector<std::string> warnings;
  resume(request(), &warnings);
  EXPECT_THAT(warnings,
              ElementsAre(run_dir_.path().string() + ": holds no checkpoint to resume from; starting at step 0"));
  expect_as_if_uninterrupted();
}

TEST_F(ResumeTest, ARunStoppedWhileTokenizingHasItsConfigurationAndGoesOn) {
  const test::TemporaryDirectory data;
  fs::copy(tiny_data().prepared, data / "prepared", fs::copy_options::recursive);
  fs::remove_all(data / "prepared/tokens");
  auto run = request();
  run.prepared_dir = data / "prepared";
  StopFlag stop;
  TrainCallbacks callbacks;
  callbacks.progress = [&](const Progress& progress) {
    if (progress.stage == "tokenizing train") stop.request(SIGINT);
  };
  const auto stopped = train(run, callbacks, stop);
  EXPECT_EQ(stopped.outcome, TrainOutcome::kInterrupted);
  EXPECT_TRUE(list_checkpoints(run.run_dir).empty());
  EXPECT_FALSE(fs::exists(run_dir_ / "metrics.jsonl"));  // it did not get beyond the token files
  ConfigTree tree;
  tree.add_file((run_dir_ / "config.yaml").string());
  EXPECT_EQ(load_section<model::ModelConfig>(tree, "model").d_model, 32);
  resume(run);
  expect_as_if_uninterrupted();
}

TEST_F(ResumeTest, ARunIsNotOverwrittenByAnother) {
  train_until(request(), 2);
  EXPECT_THROW(train(request(), {}, StopFlag()), ConfigError);
  EXPECT_EQ(
      test::error_message([&] { train(request(), {}, StopFlag()); }),
      run_dir_.path().string() +
          ": holds a run already (step-000002); pass --resume to go on with it, or another --out to start afresh");
}

TEST_F(ResumeTest, RefusesAnotherModelAndOtherDataWithTheDifferences) {
  train_until(request(), 2);
  auto other = request();
  other.model.d_ff = 128;
  other.train.seed = 7;
  other.train.grad_accum_steps = 3;
  EXPECT_EQ(test::error_message([&] { resume(other); }),
            run_dir_.path().string() +
                ": can't go on with another run's checkpoint: model.d_ff was 64, is 128, train.seed was 1, is 7, "
                "micro_batch_size * grad_accum_steps * processes was 4, is 6; set them back, or start afresh with "
                "another --out");
}

TEST_F(ResumeTest, RefusesAnotherOptimizerAndBlamesNoCheckpoint) {
  train_until(request(), 2);
  auto other = request();
  other.train.optimizer = "muon";
  EXPECT_EQ(
      test::error_message([&] { resume(other); }),
      (run_dir_.path() / "checkpoints" / "step-000002").string() +
          ": can't go on with another run's checkpoint: train.optimizer was adamw, is muon; set it back, or start "
          "afresh with another --out");
}

TEST_F(ResumeTest, RefusesOtherDataAndAnotherTokenizerInWordsThatSayWhich) {
  train_until(request(), 2);
  const test::TemporaryDirectory other_dir;
  const StopFlag no_stop;
  std::string lines;
  corpus::PreparedCorpus::open(tiny_data().prepared)
      .for_each_document(corpus::Split::kTrain, [&](corpus::Document&& document) {
        lines += to_json_line(Json{{"text", document.text}}) + "\n";
        std::string elsewhere = document.text;  // for Seoul: another town, often
        for (size_t at; (at = elsewhere.find("서울")) != std::string::npos;) elsewhere.replace(at, 6, "춘천");
        if (elsewhere != document.text) lines += to_json_line(Json{{"text", elsewhere}}) + "\n";
        return true;
      });
  write_file_atomically(other_dir / "corpus.jsonl", lines);
  corpus::prepare({(other_dir / "corpus.jsonl").string()}, other_dir / "prepared", {}, no_stop, {}, {});
  tokenizer::TokenizerTrainConfig config;
  config.vocab_size = 400;
  const auto corpus = corpus::PreparedCorpus::open(other_dir / "prepared");
  tokenizer::train_tokenizer(tokenizer::training_texts(corpus, config), other_dir / "tokenizer", config, {}, no_stop);
  auto other = request();
  other.prepared_dir = other_dir / "prepared";
  other.tokenizer_dir = other_dir / "tokenizer";
  EXPECT_THAT(test::error_message([&] { resume(other); }),
              testing::MatchesRegex(
                  run_dir_.path().string() +
                  ": can't go on with another run's checkpoint: the tokenizer was the run's own with 400 pieces, is " +
                  other.tokenizer_dir.string() + " with 400 pieces, [0-9]+ of them others, the prepared corpus was " +
                  tiny_data().prepared.string() + " with 160 documents, [0-9.]+ kB, is " + other.prepared_dir.string() +
                  " with [0-9]+ documents, [0-9.]+ kB; set them back, or start afresh with another --out"));
}

TEST_F(ResumeTest, SmallerMicroBatchesMayGoOnWithMoreOfThem) {
  train_until(request(), 2);
  auto run = request();
  run.train.micro_batch_size = 1;
  run.train.grad_accum_steps = 4;
  EXPECT_EQ(resume(run).outcome, TrainOutcome::kFinished);
}

TEST_F(ResumeTest, NamesTheNewestAndTheBestWhereTheKilledProcessHadNoTimeTo) {
  auto run = request();
  run.train.eval_every_steps = 10;
  train(run, {}, StopFlag());
  const std::string best = read_file(run_dir_ / "best");
  write_file_atomically(run_dir_ / "latest", "step-000015\n");
  fs::remove(run_dir_ / "best");
  resume(run);
  EXPECT_EQ(read_file(run_dir_ / "latest"), "step-000020\n");
  EXPECT_EQ(read_file(run_dir_ / "best"), best);
}

TEST_F(ResumeTest, AFinishedRunMayGoOnFurther) {
  train(request(), {}, StopFlag());
  EXPECT_EQ(resume(request()).step, 20);
  auto longer = request();
  longer.train.max_steps = 22;
  EXPECT_EQ(resume(longer).step, 22);
}

}  // namespace
}  // namespace ktlm::train
