// A whole run of ktlm train that gets no room for a checkpoint. In the place of a small disk, which only root may
// mount, no file may be larger than so many bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ktlm/core/files.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

namespace fs = std::filesystem;

class FullDiskOfARun : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(ktlm({"prepare", KTLM_TEST_DATA_DIR "/sample/dialogues.jsonl"}).exit_code, 0);
    ASSERT_EQ(ktlm({"train-tokenizer", "--vocab-size", "800"}).exit_code, 0);
    write_file_atomically(directory_ / "run.yaml",
                          "model: {d_model: 128, n_layers: 2, n_heads: 2, n_kv_heads: 1, d_ff: 128, max_seq_len: 32}\n"
                          "train: {max_steps: 30, micro_batch_size: 2, warmup_steps: 2, eval_every_steps: 0,\n"
                          "        checkpoint_every_steps: 10, keep_checkpoints: 9, dtype: fp32, threads: 1}\n");
  }

  test::ProgramResult ktlm(std::vector<std::string> arguments, uintmax_t max_file_bytes = 0) const {
    arguments.insert(arguments.begin(), {KTLM_BINARY});
    arguments.insert(arguments.begin() + 2, {"-q"});
    return test::run_program(
        arguments, {.directory = directory_.path().string(), .max_file_bytes = static_cast<rlim_t>(max_file_bytes)});
  }

  // As a run that was killed behind its first checkpoint.
  void keep_first_checkpoint(const fs::path& run) const {
    for (const auto* later : {"checkpoints/step-000020", "checkpoints/step-000030", "model"})
      fs::remove_all(run / later);
    write_file_atomically(run / "latest", "step-000010\n");
  }

  static std::vector<std::string> names_below(const fs::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(directory))
      names.push_back(entry.path().lexically_relative(directory).string());
    std::sort(names.begin(), names.end());
    return names;
  }

  test::TemporaryDirectory directory_;
};

TEST_F(FullDiskOfARun, IsOneLineAndTheRunGoesOnFromItsLastCheckpointToTheSameBits) {
  ASSERT_EQ(ktlm({"train", "--config", "run.yaml", "--out", "straight"}).exit_code, 0);
  const fs::path straight = directory_ / "straight", run = directory_ / "run";
  const auto model_bytes = fs::file_size(straight / "checkpoints/step-000010/model.safetensors");
  const auto optimizer_bytes = fs::file_size(straight / "checkpoints/step-000010/optimizer.safetensors");
  ASSERT_LT(model_bytes, optimizer_bytes);
  fs::copy(straight, run, fs::copy_options::recursive);
  keep_first_checkpoint(run);
  const auto checkpoints = names_below(run / "checkpoints");

  // In the middle of the model's weights, and behind them, in the middle of the optimizer's state.
  for (const auto& [max_file_bytes, file] : std::vector<std::pair<uintmax_t, std::string>>{
           {model_bytes / 2, "model"}, {(model_bytes + optimizer_bytes) / 2, "optimizer"}}) {
    SCOPED_TRACE(file);
    const auto full = ktlm({"train", "--resume", "--out", "run"}, max_file_bytes);
    EXPECT_EQ(full.exit_code, 1);
    EXPECT_THAT(full.err,
                testing::MatchesRegex(
                    "ktlm train: checkpoint of step 20 could not be saved: run/checkpoints/step-000020[^ ]*/" + file +
                    ".safetensors: can't be written: File too large \\(errno 27\\); see ulimit -f, or choose "
                    "a place for larger files; earlier checkpoints are as they were: put that right and go "
                    "on with --resume\n"));
    EXPECT_EQ(names_below(run / "checkpoints"), checkpoints);
    EXPECT_THAT(names_below(run), testing::Each(testing::Not(testing::HasSubstr(".tmp"))));
    EXPECT_EQ(read_file(run / "latest"), "step-000010\n");
    for (const auto* part : {"model.safetensors", "optimizer.safetensors", "trainer_state.json"})
      EXPECT_EQ(read_file(run / "checkpoints/step-000010" / part),
                read_file(straight / "checkpoints/step-000010" / part))
          << part;
  }

  const auto rest = ktlm({"train", "--resume", "--out", "run"});
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  for (const auto* part : {"checkpoints/step-000030/model.safetensors", "checkpoints/step-000030/optimizer.safetensors",
                           "model/model.safetensors"})
    EXPECT_EQ(read_file(straight / part), read_file(run / part)) << part;
}

TEST_F(FullDiskOfARun, WithoutACheckpointIsToBeStartedAgain) {
  const auto full = ktlm({"train", "--config", "run.yaml", "--out", "run"}, 300'000);
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.err, testing::MatchesRegex("ktlm train: checkpoint of step 10 could not be saved: .*; no checkpoint "
                                              "was made yet: put that right and start again\n"));
  EXPECT_EQ(std::count(full.err.begin(), full.err.end(), '\n'), 1);
  const auto again = ktlm({"train", "--config", "run.yaml", "--out", "run"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
}

}  // namespace
}  // namespace ktlm
