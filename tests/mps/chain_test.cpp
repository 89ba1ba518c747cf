// The whole chain through the program with --device mps, and the same on the CPU beside it: train, a signal, resume,
// generate, chat, eval.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>

#include "cli/run_program.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "mps_device.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using testing::HasSubstr;

class MpsChain : public test::MpsTest {
 protected:
  void SetUp() override {
    MpsTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_EQ(ktlm({"prepare", KTLM_TEST_DATA_DIR "/sample/dialogues.jsonl"}).exit_code, 0);
    ASSERT_EQ(ktlm({"train-tokenizer", "--vocab-size", "800"}).exit_code, 0);
    write_file_atomically(directory_ / "run.yaml",
                          "model: {d_model: 32, n_layers: 2, n_heads: 4, n_kv_heads: 2, d_ff: 64, max_seq_len: 64}\n"
                          "train: {max_steps: 16, micro_batch_size: 2, grad_accum_steps: 2, warmup_steps: 2,\n"
                          "        learning_rate: 1e-2, eval_every_steps: 4, checkpoint_every_steps: 4,\n"
                          "        log_every_steps: 2, dtype: fp32, threads: 1}\n");
  }

  std::vector<std::string> command(const std::vector<std::string>& arguments) const {
    std::vector<std::string> all = {KTLM_BINARY};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
  }
  test::ProgramOptions here(const std::string& input = "") const {
    return {.input = input,
            .environment = {{"XDG_STATE_HOME", directory_.path().string()},
                            {"XDG_CACHE_HOME", directory_.path().string()},
                            {"OMP_NUM_THREADS", "1"}},
            .directory = directory_.path().string()};
  }
  ProgramResult ktlm(const std::vector<std::string>& arguments, const std::string& input = "") const {
    return test::run_program(command(arguments), here(input));
  }

  // --json's object; the last value of `settings` wins over run.yaml.
  Json train(const std::string& device, const std::string& out, const std::vector<std::string>& settings = {}) const {
    std::vector<std::string> arguments = {"train", "--config", "run.yaml", "--device", device, "--out", out, "--json"};
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    const ProgramResult result = ktlm(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr(" parameters on " + device));
    return parse_json(result.out, "train --json");
  }

  test::TemporaryDirectory directory_;
};

double bits_per_byte(const Json& summary) { return summary.at("validation").at("bits_per_byte").get<double>(); }

TEST_F(MpsChain, RunsEndWhereTheCpusEnd) {
  const std::vector<std::string> checkpointing = {"train.gradient_checkpointing=true"}, bf16 = {"train.dtype=bf16"};
  // Small differences grow from step to step.
  EXPECT_NEAR(bits_per_byte(train("mps", "a", checkpointing)), bits_per_byte(train("cpu", "b", checkpointing)), 1e-3);
  EXPECT_NEAR(bits_per_byte(train("mps", "c", bf16)), bits_per_byte(train("cpu", "d", bf16)), 5e-2);
}

TEST_F(MpsChain, AStoppedRunGoesOnAndItsModelTalksAsOnTheCpu) {
  const double uninterrupted =
      bits_per_byte(train("mps", "whole", {"train.max_steps=200", "train.eval_every_steps=50"}));
  test::RunningProgram program(command({"train", "--config", "run.yaml", "--device", "mps", "--out", "run", "--set",
                                        "train.max_steps=200", "--set", "train.eval_every_steps=50"}),
                               here());
  ASSERT_TRUE(program.wait_for("bits per byte")) << program.result().err;
  program.send_signal(SIGTERM);
  const ProgramResult stopped = program.wait();
  EXPECT_EQ(stopped.exit_code, 128 + SIGTERM) << stopped.err;
  EXPECT_FALSE(fs::exists(directory_ / "run/model"));
  const ProgramResult rest = ktlm({"train", "--resume", "--out", "run", "--device", "mps", "--json"});
  ASSERT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_THAT(rest.err, HasSubstr("going on from step-"));
  EXPECT_NEAR(bits_per_byte(parse_json(rest.out, "train --resume --json")), uninterrupted, 1e-3);

  write_file_atomically(directory_ / "text.jsonl", "{\"text\":\"오늘은 날씨가 좋다.\"}\n{\"text\":\"네, 좋아요!\"}\n");
  const auto on = [&](const std::string& device, std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin() + 1, {"--model", "run/model", "--device", device, "--dtype", "fp32"});
    const ProgramResult result = ktlm(arguments, input);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  };
  const auto expect_the_same = [&](const std::vector<std::string>& arguments, const std::string& input = "") {
    const std::string on_cpu = on("cpu", arguments, input);
    EXPECT_FALSE(on_cpu.empty());
    for (const std::string decode_device : {"mps", "cpu", "auto"}) {
      auto split = arguments;
      split.insert(split.end(), {"--decode-device", decode_device});
      EXPECT_EQ(on("mps", split, input), on_cpu) << decode_device;
    }
  };
  expect_the_same(
      {"generate", "--prompt", "오늘은", "--prompt", "안녕하세요? 저는", "--seed", "3", "--max-new-tokens", "20"});
  expect_the_same({"chat", "--seed", "1", "--max-new-tokens", "10"}, "안녕?\n오늘은 뭐 해?\n/regen\n");
  const auto score = [&](const std::string& device) {
    const Json result = parse_json(on(device, {"eval", "text.jsonl", "--json"}), "eval --json");
    return result.at("total").at("bits_per_byte").get<double>();
  };
  EXPECT_NEAR(score("mps"), score("cpu"), 1e-4);
}

}  // namespace
}  // namespace ktlm
