#include "ktlm/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#ifdef __linux__
#include <sys/mount.h>
#endif
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "error_message.h"
#include "ktlm/core/file_lock.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/model/device.h"
#include "ktlm/train/checkpoint.h"
#include "ktlm/train/train_step.h"
#include "small_corpus.h"
#include "tiny_run.h"

namespace ktlm::train {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class TrainerTest : public testing::Test {
 protected:
  TrainRequest request() const { return tiny_request(tiny_data(), run_dir_.path()); }

  std::vector<Json> reports(const std::string& key) const {
    std::vector<Json> result;
    std::ifstream lines(run_dir_ / "metrics.jsonl");
    for (std::string line; std::getline(lines, line);) {
      const Json report = parse_json(line, "metrics.jsonl");
      if (report.contains(key)) result.push_back(report);
    }
    return result;
  }

  test::TemporaryDirectory run_dir_;
};

TEST(TrainStep, OneBatchIsLearntByHeart) {
  model::ModelConfig config;
  config.vocab_size = 50;
  config.d_model = 32;
  config.n_layers = 2;
  config.n_heads = 4;
  config.n_kv_heads = 2;
  config.d_ff = 64;
  config.max_seq_len = 16;
  model::LanguageModel model(config, at::kCPU, at::kFloat, 3);
  model.set_requires_grad(true);
  Optimizer optimizer(model.parameters(), {});
  const at::Tensor stream = at::arange(4 * 17).mul(37).remainder(50).reshape({4, 17});
  const data::Batch batch = {stream.narrow(1, 0, 16).contiguous(), stream.narrow(1, 1, 16).contiguous()};
  const double first = accumulate_gradients(model, batch, 1, at::kFloat).item<double>();
  double last = first;
  for (int step = 0; step < 100; ++step) {
    optimizer.step(1e-2, 1);
    last = accumulate_gradients(model, batch, 1, at::kFloat).item<double>();
  }
  EXPECT_NEAR(first, std::log(50.0), 0.5);
  EXPECT_LT(last, 0.05);
}

// A megabyte of documents: a number, which can't be foreseen, and one of ten passages of random words, which can only
// be learnt by heart: of 21 words each stands as likely next.
std::string documents_of_ten_passages() {
  std::vector<std::string> passages;
  Random random(1);
  for (int i = 0; i < 10; ++i) passages.push_back(test::random_words(120, random));
  std::string lines;
  for (size_t i = 0; lines.size() < 1'000'000; ++i)
    lines += to_json_line(Json{{"text", std::to_string(i) + " " + passages[i % passages.size()]}}) + "\n";
  return lines;
}

TEST(Train, OneMegabyteIsLearntByHeart) {
  model::set_up_compute(1);  // test programs run side by side
  const test::TemporaryDirectory directory;
  const auto corpus = test::prepare_documents(documents_of_ten_passages(), directory / "prepared");
  tokenizer::TokenizerTrainConfig tokenizer_config;
  tokenizer_config.vocab_size = 380;
  tokenizer::train_tokenizer(tokenizer::training_texts(corpus, tokenizer_config), directory / "tokenizer",
                             tokenizer_config, {}, StopFlag());
  auto run = tiny_request({directory / "prepared", directory / "tokenizer"}, directory / "run");
  run.model.d_model = 64;
  run.model.d_ff = 128;
  run.model.max_seq_len = 128;
  run.train.max_steps = 300;
  run.train.micro_batch_size = 8;
  run.train.grad_accum_steps = 1;
  run.train.optimizer = "muon";
  run.train.learning_rate = 2e-2;
  run.train.warmup_steps = 20;
  run.train.eval_every_steps = 100;
  const auto summary = train(run, {}, StopFlag());
  EXPECT_GT(summary.validation.num_tokens, 10'000);
  // ln 380 = 5.9 untrained. What stays are the numbers, and which passage it is at the start of a window.
  EXPECT_LT(summary.validation.loss, 0.2);
}

TEST(TrainStep, CountsTargetsAlone) {
  const at::Tensor ids = at::zeros({2, 3}, at::kLong);
  const at::Tensor all = at::ones({2, 3}, at::kLong);
  at::Tensor some = all.clone();
  some[1].fill_(-1);
  some[0][2] = -1;
  EXPECT_THAT(count_targets({{ids, all}, {ids, some}}), ElementsAre(6, 2));
}

TEST(TrainStep, NamedDtypesAreTakenAsTheyAre) {
  EXPECT_EQ(choose_autocast_dtype("fp32", at::kCPU, {}, 1), at::kFloat);
  EXPECT_EQ(choose_autocast_dtype("bf16", at::kCPU, {}, 1), at::kBFloat16);
}

TEST_F(TrainerTest, LossFallsAndTheRunDirectoryIsComplete) {
  auto run = request();
  run.train.eval_every_steps = 10;
  run.train.sample_prompts = {"서울에서는"};
  std::vector<std::string> notes, lines;
  TrainCallbacks callbacks;
  callbacks.note = [&](const std::string& note) { notes.push_back(note); };
  callbacks.progress = [&](const Progress& progress) { lines.push_back(progress.detail); };
  callbacks.sample = [](const model::LanguageModel&, const std::string&) { return std::string(" 봄에"); };
  const auto summary = train(run, callbacks, StopFlag());

  EXPECT_EQ(summary.outcome, TrainOutcome::kFinished);
  EXPECT_EQ(summary.step, 20);
  EXPECT_EQ(summary.tokens_seen, 20 * 4 * 32);
  EXPECT_EQ(summary.validated_step, 20);
  EXPECT_GT(summary.validation.num_tokens, 0);
  EXPECT_EQ(summary.model_dir, run_dir_ / "model");
  for (const auto* name : {"config.json", "model.safetensors", "tokenizer.model"})
    EXPECT_TRUE(fs::exists(run_dir_ / "model" / name)) << name;

  const auto steps = reports("train/loss");
  ASSERT_EQ(steps.size(), 20U);
  EXPECT_LT(steps.back()["train/loss"].get<double>(), 0.75 * steps.front()["train/loss"].get<double>());
  EXPECT_GT(steps.back()["train/gradient_norm"].get<double>(), 0);
  ASSERT_EQ(reports("val/bits_per_byte").size(), 2U);
  EXPECT_LT(summary.validation.loss, reports("val/loss").front()["val/loss"].get<double>());

  EXPECT_EQ(read_file(run_dir_ / "latest"), "step-000020\n");
  EXPECT_EQ(read_file(run_dir_ / "best"), "step-000020\n");
  EXPECT_THAT(notes, testing::Contains("sample: 서울에서는 봄에").Times(2));
  EXPECT_THAT(notes, testing::Contains(testing::StartsWith("step 20: validation loss ")));
  EXPECT_THAT(lines, testing::Contains(testing::MatchesRegex(
                         "step 20/20  ETA 0.0s  loss [0-9.]+  [0-9.]+k? tok/s  lr 5.[0-9]e-04  [0-9.]+ [MG]B")));
}

TEST_F(TrainerTest, WritesItsPageAtEachValidationAndAtTheEnd) {
  auto run = request();
  run.train.eval_every_steps = 10;
  TrainCallbacks callbacks;
  std::string page_at_15;
  callbacks.progress = [&](const Progress& progress) {
    if (progress.stage == "training" && progress.done == 15) page_at_15 = read_file(run_dir_ / "report.html");
  };
  train(run, callbacks, StopFlag());
  EXPECT_THAT(page_at_15, testing::HasSubstr("<b>10</b>of 20 steps"));
  EXPECT_THAT(read_file(run_dir_ / "report.html"), testing::HasSubstr("<b>20</b>of 20 steps"));
}

TEST_F(TrainerTest, PageThatCannotBeWrittenIsAWarningAlone) {
  fs::create_directories(run_dir_ / "report.html" / "in the way");
  std::vector<std::string> warnings;
  TrainCallbacks callbacks;
  callbacks.warning = [&](const std::string& warning) { warnings.push_back(warning); };
  EXPECT_EQ(train(request(), callbacks, StopFlag()).outcome, TrainOutcome::kFinished);
  EXPECT_THAT(warnings, ElementsAre(testing::StartsWith("no report was written: ")));
}

TEST_F(TrainerTest, TokenizerThatIsReplacedMeanwhileChangesNothing) {
  const test::TemporaryDirectory folder;
  fs::copy(tiny_data().tokenizer, folder / "tokenizer", fs::copy_options::recursive);
  auto run = request();
  run.tokenizer_dir = folder / "tokenizer";
  const std::string before = tokenizer::Tokenizer::load(run.tokenizer_dir).hash();
  TrainCallbacks callbacks;
  callbacks.progress = [&](const Progress& progress) {
    if (progress.done == 3 && progress.stage == "training") fs::remove_all(run.tokenizer_dir);
  };
  const auto summary = train(run, callbacks, StopFlag());
  EXPECT_EQ(summary.outcome, TrainOutcome::kFinished);
  EXPECT_FALSE(fs::exists(run.tokenizer_dir));
  EXPECT_EQ(tokenizer::Tokenizer::load(summary.model_dir).hash(), before);
  EXPECT_EQ(tokenizer::Tokenizer::load(run_dir_ / "checkpoints" / "step-000020").hash(), before);
}

TEST_F(TrainerTest, ConfigYamlSaysWhatTheRunWasMadeWith) {
  auto run = request();
  run.train.max_steps = 3;
  run.other_sections = "sampling:\n  top_k: 7\n";
  train(run, {}, StopFlag());
  ConfigTree tree;
  tree.add_file((run_dir_ / "config.yaml").string());
  EXPECT_EQ(load_section<model::ModelConfig>(tree, "model").vocab_size, 400);
  EXPECT_EQ(to_yaml("train", load_section<TrainConfig>(tree, "train")), to_yaml("train", run.train));
  EXPECT_TRUE(tree.has_section("sampling"));
}

TEST_F(TrainerTest, EmbeddingStartsAsWideAsItsSettingSays) {
  auto run = request();
  run.train.max_steps = 1;
  run.train.warmup_steps = 0;
  run.train.learning_rate = 1e-9;
  run.train.embedding_std = 0.5;
  train(run, {}, StopFlag());
  const auto weights = weights_of(run_dir_ / "model");
  EXPECT_NEAR(weights.at("model.embed_tokens.weight").std().item<double>(), 0.5, 0.02);
}

TEST_F(TrainerTest, AccumulationEqualsBigBatch) {
  auto run = request();
  run.train.micro_batch_size = 4;
  run.train.grad_accum_steps = 1;
  train(run, {}, StopFlag());
  test::TemporaryDirectory accumulated_dir;
  auto accumulated = tiny_request(tiny_data(), accumulated_dir.path());
  accumulated.train.micro_batch_size = 1;
  accumulated.train.grad_accum_steps = 4;
  train(accumulated, {}, StopFlag());
  const auto big = weights_of(run_dir_ / "model"), small = weights_of(accumulated_dir / "model");
  for (const auto& [name, tensor] : big)
    EXPECT_TRUE(at::allclose(tensor, small.at(name), 1e-3, 1e-4))
        << name << " differs by " << (tensor - small.at(name)).abs().max().item<double>();
}

TEST_F(TrainerTest, GradientCheckpointingChangesNothing) {
  train(request(), {}, StopFlag());
  test::TemporaryDirectory checkpointed_dir;
  auto checkpointed = tiny_request(tiny_data(), checkpointed_dir.path());
  checkpointed.train.gradient_checkpointing = true;
  train(checkpointed, {}, StopFlag());
  expect_same_weights(run_dir_ / "model", checkpointed_dir / "model");
}

TEST_F(TrainerTest, EarlyStopKeepsTheBestModel) {
  auto run = request();
  run.train.learning_rate = 1e-30;  // nothing is learnt, so the first validation stays the best
  run.train.weight_decay = 0;
  run.train.eval_every_steps = 2;
  run.train.early_stop_patience = 2;
  const auto summary = train(run, {}, StopFlag());
  EXPECT_EQ(summary.outcome, TrainOutcome::kStoppedEarly);
  EXPECT_EQ(summary.step, 6);
  EXPECT_EQ(summary.best_step, 2);
  EXPECT_EQ(read_file(run_dir_ / "best"), "step-000002\n");
  expect_same_weights(run_dir_ / "checkpoints/step-000002", run_dir_ / "model");
}

TEST_F(TrainerTest, WithoutAValidationThatGaveANumberThereIsNoEarlyStop) {
  auto run = request();
  run.train.max_steps = 5;
  train(run, {}, StopFlag());
  auto state = load_newest_checkpoint(run_dir_.path(), at::kCPU, {}, {}).state;
  state.validations_since_best = 3;  // as if three had given none
  update_checkpoint_state(run_dir_.path(), state);
  run.train.max_steps = 7;
  run.train.eval_every_steps = 7;
  run.train.early_stop_patience = 2;
  run.resume = true;
  const auto summary = train(run, {}, StopFlag());
  EXPECT_EQ(summary.outcome, TrainOutcome::kFinished);
  EXPECT_EQ(summary.best_step, 7);
}

TEST_F(TrainerTest, AValidationWithoutANumberIsAWarningAndNoneOfTheBest) {
  auto run = request();
  run.train.eval_every_steps = 2;
  run.train.early_stop_patience = 2;
  run.train.sample_prompts = {"서울"};
  at::Tensor weight, healthy;
  std::vector<std::string> warnings;
  TrainCallbacks callbacks;
  callbacks.warning = [&](const std::string& warning) { warnings.push_back(warning); };
  callbacks.sample = [&](const model::LanguageModel& model, const std::string&) {  // behind a validation
    weight = model.parameters()[1].tensor;
    if (healthy.defined()) weight.copy_(healthy);
    return std::string();
  };
  callbacks.progress = [&](const Progress& progress) {
    if (progress.stage != "validating" || !weight.defined()) return;
    const at::NoGradGuard no_grad;
    healthy = weight.clone();
    weight.fill_(std::nan(""));
  };
  const auto summary = train(run, callbacks, StopFlag());
  EXPECT_EQ(summary.outcome, TrainOutcome::kStoppedEarly);
  EXPECT_EQ(summary.step, 6);
  EXPECT_EQ(summary.best_step, 2);
  EXPECT_THAT(warnings, testing::Contains("step 4: the validation loss is no finite number, so this model is not among "
                                          "the best; see whether the training loss is one, and whether ktlm doctor "
                                          "finds the device in order"));
}

TEST_F(TrainerTest, KeepsTheNewestCheckpointsAndTheBest) {
  auto run = request();
  run.train.learning_rate = 1e-30;
  run.train.weight_decay = 0;
  run.train.eval_every_steps = 3;
  run.train.checkpoint_every_steps = 4;
  run.train.keep_checkpoints = 2;
  train(run, {}, StopFlag());
  EXPECT_THAT(list_checkpoints(run_dir_.path()), ElementsAre(20, 18, 3));
}

TEST_F(TrainerTest, ValidationCutShortIsDoneAgainByTheResumedRun) {
  auto run = request();
  run.train.eval_every_steps = 10;
  run.train.sample_prompts = {"서울"};
  StopFlag stop;
  TrainCallbacks callbacks;
  callbacks.warning = [](const std::string&) {};
  int64_t last_step = 0;
  callbacks.progress = [&](const Progress& progress) {
    if (progress.stage == "training" && progress.done == 9) last_step = 9;
    if (progress.stage == "validating") stop.request(SIGTERM);
  };
  const auto summary = train(run, callbacks, stop);
  EXPECT_EQ(summary.step, 10);
  EXPECT_EQ(last_step, 9);
  EXPECT_TRUE(reports("val/loss").empty());
  run.resume = true;
  train(run, {}, StopFlag());
  const auto validations = reports("val/loss");
  ASSERT_EQ(validations.size(), 2U);
  EXPECT_EQ(validations[0]["step"], 10);
  EXPECT_EQ(validations[1]["step"], 20);
}

TEST_F(TrainerTest, RunThatAnotherProcessTrainsIsRefused) {
  const FileLock lock(run_dir_.path(), "");
  EXPECT_EQ(test::error_message([&] { train(request(), {}, StopFlag()); }),
            run_dir_.path().string() + ": in use by another ktlm (process " + std::to_string(::getpid()) +
                "); wait for it or stop it, or give another --out");
}

TEST_F(TrainerTest, RunThatFailsBeforeItsFirstStepLeavesNothingThatWasNotThere) {
  auto run = request();
  run.run_dir = run_dir_ / "runs/new";
  TrainCallbacks early, late;
  early.check_device = [](at::Device, at::ScalarType) { throw Error("a wrong device"); };
  late.check_plan = [](const RunPlan&) { throw Error("a poor plan"); };
  EXPECT_EQ(test::error_message([&] { train(run, early, StopFlag()); }), "a wrong device");
  EXPECT_FALSE(fs::exists(run_dir_ / "runs"));
  EXPECT_EQ(test::error_message([&] { train(run, late, StopFlag()); }), "a poor plan");
  EXPECT_FALSE(fs::exists(run_dir_ / "runs"));

  write_file_atomically(run.run_dir / "notes.txt", "mine");
  EXPECT_EQ(test::error_message([&] { train(run, late, StopFlag()); }), "a poor plan");
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(run.run_dir)) names.push_back(entry.path().filename());
  EXPECT_THAT(names, ElementsAre("notes.txt"));
}

TEST_F(TrainerTest, ARunWhoseReportsCannotBeWrittenIsThereToGoOnWith) {
  fs::create_directory(run_dir_ / "metrics.jsonl");  // as where the disk is full
  EXPECT_EQ(test::error_message([&] { train(request(), {}, StopFlag()); }),
            (run_dir_ / "metrics.jsonl").string() + ": is a directory, expected a file");
  EXPECT_TRUE(fs::exists(run_dir_ / "config.yaml")) << "what --resume wants";
}

TEST_F(TrainerTest, VocabularyOfAnotherSizeThanTheTokenizersIsRefused) {
  auto run = request();
  run.model.vocab_size = 16000;
  EXPECT_EQ(test::error_message([&] { train(run, {}, StopFlag()); }),
            "model.vocab_size is 16000, but the tokenizer in " + tiny_data().tokenizer.string() +
                " has 400 pieces; set model.vocab_size to 0 to take the tokenizer's");
}

TEST_F(TrainerTest, FirstCheckpointThatCannotBeSavedPromisesNoEarlierOnes) {
  write_file_atomically(run_dir_ / "checkpoints", "a file where the directory should be");
  const std::string message = test::error_message([&] { train(request(), {}, StopFlag()); });
  EXPECT_THAT(message, testing::StartsWith("checkpoint of step 5 could not be saved: "));
  EXPECT_THAT(message, testing::EndsWith("; no checkpoint was made yet: put that right and start again"));
}

TEST_F(TrainerTest, FullDiskLeavesEarlierCheckpointsWhole) {
#ifdef __linux__
  constexpr const char* kTooSmall = "size=1m";
  if (::geteuid() != 0 || ::mount("tmpfs", run_dir_.path().c_str(), "tmpfs", 0, kTooSmall) != 0)
    GTEST_SKIP() << "mounting a small file system needs root";
  auto run = request();
  run.train.keep_checkpoints = 10;
  const std::string message = test::error_message([&] { train(run, {}, StopFlag()); });
  const auto steps = list_checkpoints(run_dir_.path());
  EXPECT_THAT(message, testing::MatchesRegex(
                           "checkpoint of step [0-9]+ could not be saved: .*: No space left on device "
                           "\\(errno 28\\); free some space; earlier checkpoints are as they were: put that right and "
                           "go on with --resume"));
  ASSERT_FALSE(steps.empty());
  EXPECT_LT(steps.front(), 20);
  LoadedCheckpoint whole = load_newest_checkpoint(run_dir_.path(), at::kCPU, {}, {});
  EXPECT_EQ(whole.state.step, steps.front());
  for (const auto& entry : fs::directory_iterator(run_dir_ / "checkpoints"))
    EXPECT_THAT(entry.path().filename().string(), testing::Not(testing::HasSubstr("tmp")));
  ::umount(run_dir_.path().c_str());
#else
  GTEST_SKIP() << "mounting a small file system is a matter of Linux";
#endif
}

}  // namespace
}  // namespace ktlm::train
