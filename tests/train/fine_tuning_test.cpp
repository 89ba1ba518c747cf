// Fine-tuning to dialogues: from a trained model, on the loss of answers alone, with a run's usual guarantees.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/corpus/prepare.h"
#include "ktlm/corpus/prepared_corpus.h"
#include "ktlm/model/safetensors.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"
#include "ktlm/train/checkpoint.h"
#include "tiny_run.h"

namespace ktlm::train {
namespace {

namespace fs = std::filesystem;
using test::error_message;

std::string dialogues_jsonl() {
  const std::string places[] = {"서울", "부산", "대구", "광주", "강릉", "제주", "전주", "수원"};
  const std::string times[] = {"봄", "여름", "가을", "겨울"};
  std::string lines;
  for (const auto& place : places) {
    for (const auto& time : times) {
      const Json question = {{"role", "user"}, {"content", place + "의 " + time + "은 어때?"}};
      const Json answer = {{"role", "assistant"}, {"content", place + "에서는 " + time + "에 산이 높다."}};
      lines += to_json_line(Json{{"messages", {question, answer}}}) + "\n";
    }
  }
  return lines;
}

class FineTuning : public testing::Test {
 protected:
  // A base model of 20 steps, and the dialogues; made once.
  static void SetUpTestSuite() {
    shared_ = new test::TemporaryDirectory;
    train(tiny_request(tiny_data(), *shared_ / "base"), {}, StopFlag());
    write_file_atomically(*shared_ / "dialogues.jsonl", dialogues_jsonl());
    corpus::PrepareConfig config;
    config.val_fraction = 0.2;
    config.near_duplicates = false;
    corpus::prepare({(*shared_ / "dialogues.jsonl").string()}, *shared_ / "dialogues", config, StopFlag(), {}, {});
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }

  static fs::path base_model() { return *shared_ / "base/model"; }

  TrainRequest request(const fs::path& run_dir) const {
    auto run = tiny_request({*shared_ / "dialogues", tiny_data().tokenizer}, run_dir);
    run.model.max_seq_len = 96;  // the base model's is 32: a dialogue takes more
    run.train.task = "chat";
    run.train.init_from = base_model().string();
    run.train.eval_every_steps = 10;
    return run;
  }
  TrainRequest request() const { return request(run_dir_.path()); }

  static std::vector<std::string> reports(const fs::path& run_dir, const std::string& key) {
    std::vector<std::string> result;
    std::ifstream lines(run_dir / "metrics.jsonl");
    for (std::string line; std::getline(lines, line);) {
      const Json report = parse_json(line, "metrics.jsonl");
      if (report.contains(key)) result.push_back(report.at("step").dump() + " " + report.at(key).dump());
    }
    return result;
  }

  static test::TemporaryDirectory* shared_;
  test::TemporaryDirectory run_dir_;
};

test::TemporaryDirectory* FineTuning::shared_ = nullptr;

TEST_F(FineTuning, ValidatesOnAnswersBeforeTheFirstStepAndLowersTheirLoss) {
  std::vector<std::string> notes;
  TrainCallbacks callbacks;
  callbacks.note = [&](const std::string& note) { notes.push_back(note); };
  const auto summary = train(request(), callbacks, StopFlag());
  ASSERT_EQ(summary.outcome, TrainOutcome::kFinished);
  const auto validations = reports(run_dir_.path(), "val/loss");
  ASSERT_EQ(validations.size(), 3U);
  EXPECT_TRUE(validations.front().starts_with("0 "));
  const double before = std::stod(validations.front().substr(2));
  EXPECT_LT(summary.validation.loss, 0.8 * before);
  EXPECT_LT(summary.validation.num_tokens, 7 * 60) << "answers alone";
  EXPECT_THAT(notes, testing::Contains(testing::StartsWith("step 0: validation loss ")));
  EXPECT_THAT(notes,
              testing::Contains(testing::MatchesRegex(
                  "[0-9]+ parameters on .*, [23][0-9] dialogues with [0-9]+ tokens of answers in [0-9]+ windows, "
                  "[0-9.]+ % full")));
}

TEST_F(FineTuning, BeginsWithTheWeightsOfTheModel) {
  auto run = request();
  run.train.max_steps = 3;
  run.train.learning_rate = 1e-30;
  run.train.weight_decay = 0;
  train(run, {}, StopFlag());
  expect_same_weights(base_model(), run_dir_ / "model");
}

// The base model began as narrow as others' do, and with a last norm of 1.
TEST_F(FineTuning, RatesForAWideEmbeddingAreTakenDownToTheModelsOwnWidth) {
  auto run = request();
  run.train.max_steps = 1;
  run.train.learning_rate = 1e-3;
  run.train.warmup_steps = 0;
  run.train.grad_clip = 0;
  run.train.embedding_std = 1;
  run.train.embedding_rate = 75;
  train(run, {}, StopFlag());
  const auto before = model::load_safetensors(base_model() / "model.safetensors");
  const auto after = model::load_safetensors(run_dir_ / "model/model.safetensors");
  const auto largest_step = [&](const std::string& name) {
    return (after.at(name) - before.at(name)).abs().max().item<double>();
  };
  const double width = before.at("model.embed_tokens.weight").square().mean().sqrt().item<double>();
  ASSERT_LT(width, 0.1);
  EXPECT_NEAR(largest_step("model.embed_tokens.weight"), 1e-3 * 75 * width, 1e-5);
  EXPECT_NEAR(largest_step("model.norm.weight"), 1e-3, 1e-4);
}

TEST_F(FineTuning, ResumedRunEqualsUninterruptedRunThoughTheBaseModelIsGone) {
  const fs::path base = run_dir_ / "base", straight = run_dir_ / "straight", stopped = run_dir_ / "stopped";
  fs::copy(base_model(), base, fs::copy_options::recursive);
  auto run = request(straight);
  run.train.init_from = base.string();
  run.train.embedding_std = 1;  // so that the rates hang on the base model
  train(run, {}, StopFlag());

  run.run_dir = stopped;
  StopFlag stop;
  TrainCallbacks callbacks;
  callbacks.progress = [&](const Progress& progress) {
    if (progress.stage == "training" && progress.done == 7) stop.request(SIGTERM);
  };
  ASSERT_EQ(train(run, callbacks, stop).outcome, TrainOutcome::kInterrupted);
  fs::remove_all(base);
  run.resume = true;
  ASSERT_EQ(train(run, {}, StopFlag()).outcome, TrainOutcome::kFinished);
  expect_same_weights(straight / "model", stopped / "model");
  EXPECT_EQ(reports(straight, "train/loss"), reports(stopped, "train/loss"));
  EXPECT_EQ(reports(straight, "val/loss"), reports(stopped, "val/loss"));
}

TEST_F(FineTuning, AccumulationEqualsBigBatchThoughWindowsHoldUnequallyManyTargets) {
  auto run = request();
  run.train.micro_batch_size = 4;
  run.train.grad_accum_steps = 1;
  train(run, {}, StopFlag());
  const test::TemporaryDirectory accumulated_dir;
  auto accumulated = request(accumulated_dir.path());
  accumulated.train.micro_batch_size = 1;
  accumulated.train.grad_accum_steps = 4;
  train(accumulated, {}, StopFlag());
  const auto big = weights_of(run_dir_ / "model"), small = weights_of(accumulated_dir / "model");
  for (const auto& [name, tensor] : big) EXPECT_TRUE(at::allclose(tensor, small.at(name), 1e-3, 1e-4)) << name;
}

TEST_F(FineTuning, AnotherTaskOrBaseModelIsAnotherRun) {
  auto run = request();
  run.train.max_steps = 5;
  train(run, {}, StopFlag());
  run.resume = true;
  run.train.max_steps = 10;
  run.train.task = "text";
  run.train.init_from = "elsewhere";
  EXPECT_EQ(error_message([&] { train(run, {}, StopFlag()); }),
            run_dir_.path().string() +
                ": can't go on with another run's checkpoint: train.task was chat, is text, train.init_from was \"" +
                base_model().string() + "\", is \"elsewhere\"; set them back, or start afresh with another --out");
}

TEST_F(FineTuning, AnotherTokenizerThanTheModelsIsRefusedWithTheDifference) {
  tokenizer::TokenizerTrainConfig config;
  config.vocab_size = 405;
  const auto corpus = corpus::PreparedCorpus::open(tiny_data().prepared);
  tokenizer::train_tokenizer(tokenizer::training_texts(corpus, config), run_dir_ / "other", config, {}, StopFlag());
  auto run = request(run_dir_ / "run");
  run.tokenizer_dir = run_dir_ / "other";
  EXPECT_THROW(train(run, {}, StopFlag()), ConfigError);
  EXPECT_EQ(error_message([&] { train(run, {}, StopFlag()); }),
            (run_dir_ / "other").string() + ": not the tokenizer of the model in " + base_model().string() +
                ": 405 pieces, expected 400; leave --tokenizer out, and the model's own is taken");
  EXPECT_FALSE(fs::exists(run_dir_ / "run"));
}

TEST_F(FineTuning, AnotherShapeThanTheModelsIsRefusedWithTheDifferences) {
  auto run = request();
  run.model.d_ff = 128;
  run.model.n_layers = 3;
  EXPECT_EQ(error_message([&] { train(run, {}, StopFlag()); }),
            base_model().string() +
                ": train.init_from's model has another shape: model.n_layers is 2 there, 3 here, model.d_ff is "
                "64 there, 128 here; leave the section model out, and the model's own shape is taken");
}

TEST_F(FineTuning, DataWithoutAnswersIsRefused) {
  auto run = request();
  run.prepared_dir = tiny_data().prepared;
  EXPECT_THAT(error_message([&] { train(run, {}, StopFlag()); }), testing::HasSubstr("holds no answer to train on"));
}

TEST_F(FineTuning, DialoguesThatAreCutAreCountedInAWarning) {
  auto run = request();
  run.model.max_seq_len = 36;
  run.train.max_steps = 3;
  std::vector<std::string> warnings;
  TrainCallbacks callbacks;
  callbacks.warning = [&](const std::string& warning) { warnings.push_back(warning); };
  train(run, callbacks, StopFlag());
  ASSERT_FALSE(warnings.empty());
  EXPECT_THAT(warnings[0], testing::HasSubstr("are longer than model.max_seq_len tokens and are cut there"));
}

}  // namespace
}  // namespace ktlm::train
