#include "ktlm/generate/trained_model.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "error_message.h"
#include "ktlm/generate/generator.h"
#include "ktlm/model/model_dir.h"
#include "tiny_model.h"

namespace ktlm::generate {
namespace {

namespace fs = std::filesystem;

void make_model_directory(const fs::path& directory, int minutes_ago) {
  fs::create_directories(directory);
  std::ofstream(directory / "config.json") << "{}";
  fs::last_write_time(directory / "config.json", fs::file_time_type::clock::now() - std::chrono::minutes(minutes_ago));
}

TEST(FindModel, TakesAModelDirectoryOrARun) {
  const test::TemporaryDirectory runs;
  make_model_directory(runs / "a" / "model", 1);
  EXPECT_EQ(find_model(runs / "a"), runs / "a" / "model");
  EXPECT_EQ(find_model(runs / "a" / "model"), runs / "a" / "model");
}

TEST(FindModel, SaysWhatADirectoryWithoutOneIs) {
  const test::TemporaryDirectory runs;
  make_model_directory(runs / "a" / "checkpoints" / "step-000100", 1);
  fs::create_directories(runs / "b");
  const std::string where = runs.path().string();
  const auto error_of = [&](const char* name) { return test::error_message([&] { find_model(runs / name); }); };
  EXPECT_EQ(error_of("a"), where + "/a: no finished model, but a checkpoint: use it with --model " + where +
                               "/a/checkpoints/step-000100");
  EXPECT_EQ(error_of("b"),
            where + "/b: holds no model (config.json, model.safetensors); name a model's directory or a run's");
  EXPECT_EQ(error_of("c"), where + "/c: no such directory; name a model's or a run's");
}

TEST(FindNewestModel, TakesTheModelWrittenLast) {
  const test::TemporaryDirectory runs;
  make_model_directory(runs / "a" / "model", 30);
  make_model_directory(runs / "b" / "model", 10);
  make_model_directory(runs / "c" / "model", 20);
  make_model_directory(runs / "d" / "checkpoints" / "step-000100", 1);
  fs::create_directories(runs / "e" / "model");  // without a config.json: no model
  EXPECT_EQ(find_newest_model(runs.path()), runs / "b" / "model");
}

TEST(FindNewestModel, NamesTheCheckpointOfAnUnfinishedRun) {
  const test::TemporaryDirectory runs;
  make_model_directory(runs / "a" / "checkpoints" / "step-000100", 9);
  make_model_directory(runs / "a" / "checkpoints" / "step-000200", 5);
  EXPECT_EQ(test::error_message([&] { find_newest_model(runs.path()); }),
            runs.path().string() + ": no finished model (" + runs.path().string() +
                "/*/model), but a checkpoint: use it with --model " + runs.path().string() +
                "/a/checkpoints/step-000200");
}

TEST(FindNewestModel, SaysHowToComeByOneWhereThereIsNone) {
  EXPECT_EQ(
      test::error_message([] { find_newest_model("no such runs"); }),
      "no such runs: no finished model (no such runs/*/model); train one with \"ktlm train\", or name a directory "
      "with --model");
}

TEST(LoadTrainedModel, GeneratesAsTheModelThatWasSaved) {
  const test::TinyModel& tiny = test::TinyModel::get();
  const test::TemporaryDirectory directory;
  model::save_model_files(tiny.model, tiny.tokenizer.directory(), directory.path());
  const TrainedModel loaded = load_trained_model(directory.path(), at::kCPU, at::kFloat);
  EXPECT_EQ(generate_text(loaded.model, loaded.tokenizer, "서울은", test::greedy(20)),
            generate_text(tiny.model, tiny.tokenizer, "서울은", test::greedy(20)));
}

TEST(LoadTrainedModel, BFloat16WeightsGenerate) {
  const test::TinyModel& tiny = test::TinyModel::get();
  const test::TemporaryDirectory directory;
  model::save_model_files(tiny.model, tiny.tokenizer.directory(), directory.path());
  const TrainedModel loaded = load_trained_model(directory.path(), at::kCPU, at::kBFloat16);
  EXPECT_FALSE(generate_text(loaded.model, loaded.tokenizer, "서울은", test::wild(1, 20)).empty());
}

TEST(LoadTrainedModel, TokenizerOfAnotherVocabularyIsAnError) {
  const test::TinyModel& tiny = test::TinyModel::get();
  const test::TemporaryDirectory directory;
  const model::LanguageModel other = test::make_tiny_model(500);
  model::save_model_files(other, tiny.tokenizer.directory(), directory.path());
  EXPECT_EQ(test::error_message([&] { load_trained_model(directory.path(), at::kCPU, at::kFloat); }),
            directory.path().string() +
                ": the model knows 500 tokens, the tokenizer 384; use the tokenizer that the model was trained with");
}

}  // namespace
}  // namespace ktlm::generate
