#include "seq_len_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "initial_model.h"
#include "ktlm/core/json.h"
#include "ktlm/data/batch_loader.h"
#include "ktlm/train/train_step.h"
#include "tiny_run.h"

namespace ktlm::train {
namespace {

std::vector<int64_t> lengths_of(const TrainConfig& config, int64_t max_seq_len) {
  std::vector<int64_t> lengths;
  for (int64_t step = 0; step < config.max_steps; ++step) lengths.push_back(seq_len_at(config, step, max_seq_len));
  return lengths;
}

TEST(SeqLenSchedule, DoublesInEqualSharesOfTheWarmUp) {
  TrainConfig config;
  config.max_steps = 8;
  EXPECT_THAT(lengths_of(config, 256), testing::Each(256));
  config.warmup_seq_len = 64;
  EXPECT_THAT(lengths_of(config, 256), testing::ElementsAre(64, 64, 128, 128, 256, 256, 256, 256));
  config.seq_len_warmup_fraction = 1;
  EXPECT_THAT(lengths_of(config, 128), testing::Each(64));
  EXPECT_EQ(seq_len_at(config, 8, 128), 128);  // a run that goes on behind its end
  config.seq_len_warmup_fraction = 0;
  EXPECT_THAT(lengths_of(config, 256), testing::Each(256));
}

TEST(CutWindows, KeepTokensAndTargetsInTheirOrder) {
  const at::Tensor ids = at::arange(12).view({2, 6});
  const data::Batch cut = cut_windows({ids, ids + 1}, 3);
  EXPECT_TRUE(at::equal(cut.ids, at::arange(12).view({4, 3})));
  EXPECT_TRUE(at::equal(cut.targets, at::arange(1, 13).view({4, 3})));
  EXPECT_TRUE(cut.ids.is_contiguous());
}

double first_loss_of(const std::filesystem::path& run_dir) {
  std::ifstream lines(run_dir / "metrics.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const Json report = parse_json(line, "metrics.jsonl");
    if (report.contains("train/loss")) return report.at("train/loss");
  }
  return 0;
}

TEST(SeqLenWarmUp, ARunBeginsWithShortWindowsOfTheSameTokens) {
  const test::TemporaryDirectory short_run, plain_run;
  TrainRequest request = tiny_request(tiny_data(), short_run.path());
  request.train.max_steps = 2;
  request.train.warmup_steps = 0;
  request.train.log_every_steps = 1;
  request.train.dtype = "fp32";
  request.train.warmup_seq_len = request.model.max_seq_len / 4;
  train(request, {}, {});

  const auto tokenizer = tokenizer::Tokenizer::load(request.tokenizer_dir);
  request.model.vocab_size = tokenizer.vocab_size();
  const auto model = make_initial_model(request.train, request.model, at::kCPU);
  const auto datasets = data::open_or_build_token_datasets(corpus::PreparedCorpus::open(request.prepared_dir),
                                                           tokenizer, 1, {}, StopFlag());
  data::BatchLoader loader(datasets.train, request.train.windows_per_step(), request.model.max_seq_len,
                           static_cast<uint64_t>(request.train.seed));
  const at::Tensor loss =
      accumulate_gradients(model, cut_windows(loader.batch(0), request.train.warmup_seq_len), 1, at::kFloat);
  EXPECT_NEAR(first_loss_of(short_run.path()), loss.item<double>(), 1e-5);

  request.train.warmup_seq_len = 0;
  request.model.vocab_size = 0;
  request.run_dir = plain_run.path();
  train(request, {}, {});
  EXPECT_GT(std::abs(first_loss_of(plain_run.path()) - loss.item<double>()), 1e-5);
}

TEST(SeqLenWarmUp, AStoppedRunGoesOnToTheSameBits) {
  const test::TemporaryDirectory whole, stopped;
  TrainRequest request = tiny_request(tiny_data(), whole.path());
  request.train.warmup_seq_len = request.model.max_seq_len / 2;
  train(request, {}, {});

  request.run_dir = stopped.path();
  StopFlag stop;
  TrainCallbacks callbacks;
  callbacks.progress = [&](const Progress& progress) {
    if (progress.done == 7) stop.request(15);
  };
  ASSERT_EQ(train(request, callbacks, stop).outcome, TrainOutcome::kInterrupted);
  request.resume = true;
  train(request, {}, {});
  expect_same_weights(whole / "model", stopped / "model");
}

}  // namespace
}  // namespace ktlm::train
