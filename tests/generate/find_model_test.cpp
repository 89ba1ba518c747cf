#include "ktlm/generate/find_model.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "error_message.h"
#include "temporary_directory.h"

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
  make_model_directory(runs / "a" / "checkpoints" / "step-000100", 2);
  make_model_directory(runs / "a" / "checkpoints" / "step-000200.tmp-99", 1);  // of a killed process
  fs::create_directories(runs / "b");
  std::ofstream(runs / "d.gguf") << "GGUF\3";
  std::ofstream(runs / "e") << "GG";
  const std::string where = runs.path().string();
  const auto error_of = [&](const char* name) { return test::error_message([&] { find_model(runs / name); }); };
  EXPECT_EQ(error_of("a"), where + "/a: no finished model, but a checkpoint: use it with --model " + where +
                               "/a/checkpoints/step-000100");
  EXPECT_EQ(error_of("b"),
            where + "/b: holds no model (config.json, model.safetensors); name a model's directory or a run's");
  EXPECT_EQ(error_of("d.gguf"), where + "/d.gguf: is a GGUF file; \"ktlm import\" makes a model directory of it");
  EXPECT_EQ(error_of("e"),
            where + "/e: holds no model (config.json, model.safetensors); name a model's directory or a run's");
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
  make_model_directory(runs / "a" / "checkpoints" / "step-000300.tmp-99", 1);  // of killed processes
  make_model_directory(runs / "a" / "checkpoints" / "removed.tmp-98", 2);
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

}  // namespace
}  // namespace ktlm::generate
