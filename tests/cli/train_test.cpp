// ktlm train through the program: signals and their exit codes, going on, configuration, refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using testing::HasSubstr;

class TrainVerb : public testing::Test {
 protected:
  void SetUp() override {
    const std::string sample = KTLM_TEST_DATA_DIR "/sample/dialogues.jsonl";
    ASSERT_EQ(ktlm({"prepare", sample}).exit_code, 0);
    ASSERT_EQ(ktlm({"train-tokenizer", "--vocab-size", "800"}).exit_code, 0);
    write_file_atomically(directory_ / "run.yaml",
                          "model: {d_model: 32, n_layers: 2, n_heads: 2, n_kv_heads: 1, d_ff: 64, max_seq_len: 64}\n"
                          "train: {max_steps: 30, micro_batch_size: 2, warmup_steps: 2, eval_every_steps: 10,\n"
                          "        checkpoint_every_steps: 10, log_every_steps: 1, dtype: bf16, threads: 1}\n");
  }

  std::vector<std::string> command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), KTLM_BINARY);
    return arguments;
  }
  test::ProgramOptions here() const { return {.directory = directory_.path().string()}; }
  ProgramResult ktlm(const std::vector<std::string>& arguments) const {
    return test::run_program(command(arguments), here());
  }

  test::TemporaryDirectory directory_;
};

TEST_F(TrainVerb, SavesAtASignalAndExitsWithItsCode) {
  const std::vector<std::string> endless = {
      "train",   "--config", "run.yaml", "--set", "train.max_steps=1000000", "--set", "train.lr_schedule=wsd",
      "--resume"};
  int64_t step = 0;
  for (const int signal_number : {SIGINT, SIGTERM}) {
    test::RunningProgram program(command(endless), here());
    ASSERT_TRUE(program.wait_for("bits per byte")) << program.result().err;
    program.send_signal(signal_number);
    const ProgramResult stopped = program.wait();
    EXPECT_EQ(stopped.exit_code, 128 + signal_number) << stopped.err;
    EXPECT_THAT(stopped.err, HasSubstr("go on with ktlm train --resume --out runs/run"));
    const std::string latest = read_file(directory_ / "runs/run/latest");
    const int64_t saved_step = std::stoll(latest.substr(latest.find('-') + 1));
    EXPECT_GT(saved_step, step);
    step = saved_step;
  }
  EXPECT_FALSE(fs::exists(directory_ / "runs/run/model"));
}

TEST_F(TrainVerb, TheAdvisedCommandAloneGoesOnWithTheRunsOwnDataAndTokenizer) {
  fs::create_directory(directory_ / "mine");
  fs::rename(directory_ / "data/prepared", directory_ / "mine/texts");
  fs::rename(directory_ / "data/tokenizer", directory_ / "mine/pieces");
  test::RunningProgram program(
      command({"train", "--config", "run.yaml", "--data", "mine/texts", "--tokenizer", "mine/pieces", "--out", "runs/a",
               "--set", "train.max_steps=200", "--set", "train.eval_every_steps=0"}),
      here());
  ASSERT_TRUE(program.wait_for("training tokens")) << program.result().err;
  program.send_signal(SIGTERM);
  const ProgramResult stopped = program.wait();
  EXPECT_EQ(stopped.exit_code, 128 + SIGTERM) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("go on with ktlm train --resume --out runs/a\n"));

  // Directories that are named win.
  const auto elsewhere = ktlm({"train", "--resume", "--out", "runs/a", "--data", "nowhere"});
  EXPECT_NE(elsewhere.exit_code, 0);
  EXPECT_THAT(elsewhere.err, HasSubstr("nowhere"));

  const auto rest = ktlm({"train", "--resume", "--out", "runs/a"});
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_THAT(rest.err, HasSubstr("finished step 200 after "));

  const auto finished = ktlm({"train", "--resume", "--out", "runs/a"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("finished already at step 200; --set train.max_steps=N trains further; try ktlm "
                                      "generate --model runs/a/model\n"));
}

TEST_F(TrainVerb, DamagedInputsAreNoMatterWhereTheDataIsNamed) {
  ASSERT_EQ(ktlm({"train", "--config", "run.yaml", "--out", "a", "--set", "train.max_steps=8"}).exit_code, 0);
  write_file_atomically(directory_ / "a/inputs.json", "{\"data\":");
  const auto blind = ktlm({"train", "--resume", "--out", "a"});
  EXPECT_EQ(blind.exit_code, 1);
  EXPECT_THAT(blind.err, testing::StartsWith("ktlm train: a/inputs.json"));
  EXPECT_THAT(blind.err, testing::EndsWith("; give --data and --tokenizer\n"));
  const auto told = ktlm({"train", "--resume", "--out", "a", "--data", "data/prepared", "--set", "train.max_steps=9"});
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_EQ(ktlm({"train", "--resume", "--out", "a"}).exit_code, 0) << "the file is written anew";
}

TEST_F(TrainVerb, FoldersThatCannotBeLookedAtAreOneLine) {
  fs::create_symlink("circle", directory_ / "circle");
  const std::string reason = ": can't be read: " + system_error_text(ELOOP);
  for (const auto& [arguments, path] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"train", "--config", "run.yaml", "--data", "circle"}, "circle/manifest.json"},
           {{"train", "--resume", "--out", "circle"}, "circle/config.yaml"},
           {{"train", "--report", "circle"}, "circle"}}) {
    const auto result = ktlm(arguments);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.err, "ktlm train: " + path + reason + "\n");
  }
}

TEST_F(TrainVerb, GoesOnToTheSameBitsWithTwoThreadsAndBf16) {
  const std::vector<std::string> run = {"train", "--config", "run.yaml",          "--threads",
                                        "2",     "--set",    "train.max_steps=8", "--out"};
  auto straight = run, again = run;
  straight.push_back("straight");
  again.insert(again.end(), {"again", "--set", "train.checkpoint_every_steps=3"});
  ASSERT_EQ(ktlm(straight).exit_code, 0);
  ASSERT_EQ(ktlm(again).exit_code, 0);
  fs::remove_all(directory_ / "again/checkpoints/step-000008");  // as if killed before it
  fs::remove_all(directory_ / "again/model");
  const auto rest = ktlm({"train", "--resume", "--out", "again", "--json"});
  ASSERT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_THAT(rest.err, HasSubstr("going on from step-000006"));
  EXPECT_EQ(read_file(directory_ / "straight/model/model.safetensors"),
            read_file(directory_ / "again/model/model.safetensors"));

  const Json result = parse_json(rest.out, "train --json");
  EXPECT_EQ(result.at("outcome"), "finished");
  EXPECT_EQ(result.at("step"), 8);
  EXPECT_EQ(result.at("model"), "again/model");
  EXPECT_GT(result.at("validation").at("bits_per_byte").get<double>(), 0);
}

TEST_F(TrainVerb, ResumeWithoutConfigurationIsRefusedWhereThereIsNoRun) {
  const auto result = ktlm({"train", "--resume", "--out", "runs/rnu"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "ktlm train: runs/rnu/config.yaml: not there, so there is no run to resume; check --out, or start one with "
            "--config FILE\n");
  EXPECT_FALSE(fs::exists(directory_ / "runs"));

  ASSERT_EQ(ktlm({"train", "--config", "run.yaml", "--out", "runs/news", "-q"}).exit_code, 0);
  EXPECT_EQ(ktlm({"train", "--resume"}).err,
            "ktlm train: runs/default/config.yaml: not there, so there is no run to resume; did you mean --out "
            "runs/news?\n");
  for (const std::string run : {"runs/newest", "small"}) {
    fs::create_directories(directory_ / run);
    fs::copy_file(directory_ / "run.yaml", directory_ / run / "config.yaml");
  }
  const auto suggestion = [&](const std::string& named) {
    const std::string error = ktlm({"train", "--resume", "--out", named}).err;
    return error.substr(error.find("; ") + 2);
  };
  EXPECT_EQ(suggestion("runs/mews/"), "did you mean --out runs/news?\n") << "not the newest one";
  EXPECT_EQ(suggestion("smal"), "did you mean --out small?\n");
}

TEST_F(TrainVerb, AConfigurationWithoutItsFolderIsNamedWithIt) {
  fs::create_directory(directory_ / "configs");
  fs::copy_file(directory_ / "run.yaml", directory_ / "configs/quick.yaml");
  const auto result = ktlm({"train", "--config", "quick"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "ktlm train: quick: no such file; did you mean configs/quick.yaml?\n");
}

TEST_F(TrainVerb, RefusesToOverwriteARunInOneLine) {
  ASSERT_EQ(ktlm({"train", "--config", "run.yaml", "-q"}).exit_code, 0);
  const auto again = ktlm({"train", "--config", "run.yaml"});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_EQ(again.err,
            "ktlm train: runs/run: holds a run already (step-000030); pass --resume to go on with it, or another --out "
            "to start afresh\n");
}

TEST_F(TrainVerb, PrintConfigShowsWhereEachSettingCameFrom) {
  const auto result =
      ktlm({"train", "--config", "run.yaml", "--set", "train.learning_rate=2e-3", "--threads", "1", "--print-config"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, HasSubstr("d_model: 32  # run.yaml:1"));
  EXPECT_THAT(result.out, HasSubstr("learning_rate: 0.002  # --set train.learning_rate=2e-3"));
  EXPECT_THAT(result.out, HasSubstr("threads: 1  # --set train.threads=1"));
  EXPECT_THAT(result.out, HasSubstr("beta1: 0.9  # default"));
  EXPECT_THAT(result.out, HasSubstr("sampling:"));
  EXPECT_FALSE(fs::exists(directory_ / "runs"));
}

TEST_F(TrainVerb, FineTunesAModelToDialoguesWithItsOwnShapeAndTokenizer) {
  ASSERT_EQ(ktlm({"train", "--config", "run.yaml", "--set", "train.max_steps=5", "-q"}).exit_code, 0);
  fs::remove_all(directory_ / "data/tokenizer");
  const std::vector<std::string> chat = {"train",
                                         "--config",
                                         KTLM_SOURCE_DIR "/configs/chat.yaml",
                                         "--init-from",
                                         "runs/run",
                                         "--set",
                                         "train.max_steps=4",
                                         "--set",
                                         "train.warmup_steps=1",
                                         "--set",
                                         "model.max_seq_len=128",
                                         "--threads",
                                         "1"};
  auto shown = chat;
  shown.push_back("--print-config");
  const auto config = ktlm(shown);
  EXPECT_EQ(config.exit_code, 0) << config.err;
  EXPECT_THAT(config.out, HasSubstr("d_model: 32  # runs/run/model/config.json\n"));
  EXPECT_THAT(config.out, HasSubstr("max_seq_len: 128  # --set model.max_seq_len=128\n"));
  EXPECT_THAT(config.out, HasSubstr("init_from: runs/run/model  # --set train.init_from="));

  auto run = chat;
  run.push_back("--json");
  const auto result = ktlm(run);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr(" dialogues with "));
  EXPECT_THAT(result.err, HasSubstr("step 0: validation loss "));
  EXPECT_THAT(result.err, HasSubstr("try ktlm chat --model runs/chat/model"));
  EXPECT_GT(parse_json(result.out, "train --json").at("validation").at("loss").get<double>(), 0);

  const auto talk = test::run_program(command({"chat", "-q", "--max-new-tokens", "5", "--model", "runs/chat"}),
                                      {.input = "안녕?\n", .directory = directory_.path().string()});
  EXPECT_EQ(talk.exit_code, 0) << talk.err;

  // Without --config it goes on with its own, in which the model stands that it started from.
  EXPECT_EQ(ktlm({"train", "--resume", "--out", "runs/chat", "--set", "train.max_steps=6", "-q"}).exit_code, 0);
  EXPECT_EQ(read_file(directory_ / "runs/chat/latest"), "step-000006\n");
}

TEST_F(TrainVerb, AModelToStartFromThatIsNotThereIsOneLine) {
  const auto result = ktlm({"train", "--config", "run.yaml", "--init-from", "runs/nowhere"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, testing::StartsWith("ktlm train: runs/nowhere: no such directory; "));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
}

TEST_F(TrainVerb, MemoryThatRunsOutIsOneLineFromEveryVerbThatComputes) {
  ASSERT_EQ(ktlm({"train", "--config", "run.yaml", "--set", "train.max_steps=3", "-q"}).exit_code, 0);
  const fs::path config_path = directory_ / "runs/run/model/config.json";
  Json config = read_json_file(config_path.string());
  config["max_position_embeddings"] = int64_t{1} << 48;  // more than an address reaches
  write_file_atomically(config_path, to_json_line(config));
  write_file_atomically(directory_ / "text.jsonl", "{\"text\":\"서울\"}\n");
  const std::vector<std::vector<std::string>> commands = {
      {"generate", "-q", "--device", "cpu", "--dtype", "fp32", "--prompt", "서울"},
      {"generate", "-q", "--max-new-tokens", "0", "--prompt", "서울"},
      {"chat", "-q", "--device", "cpu", "--dtype", "fp32"},
      {"chat", "-q"},
      {"eval", "-q", "--device", "cpu", "text.jsonl"},
      {"bench", "train", "-q", "--device", "cpu", "--set", "train.micro_batch_size=1000000000000"},
  };
  for (const auto& command : commands) {
    const auto result = ktlm(command);
    EXPECT_EQ(result.exit_code, 1) << command[0];
    EXPECT_THAT(result.err, testing::StartsWith("ktlm " + command[0] + ": out of memory"));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
}

TEST_F(TrainVerb, ARunThatWasBetterBeforeItsEndSaysWhere) {
  // Steps too small to change a weight: no validation is better than the first.
  const auto result = ktlm({"train", "--config", "run.yaml", "--set", "train.max_steps=3", "--set",
                            "train.eval_every_steps=1", "--set", "train.learning_rate=1e-15"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("; the validation was best at step 1, see runs/run/checkpoints/step-000001; try"));
  EXPECT_TRUE(fs::exists(directory_ / "runs/run/checkpoints/step-000001"));
}

TEST_F(TrainVerb, AModelThatTheMachineCannotHoldIsRefusedBeforeItIsMade) {
  const auto result = ktlm({"train", "--config", "run.yaml", "--device", "cpu", "--set", "model.d_ff=17592186044416"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, testing::MatchesRegex("ktlm train: weights, gradients and moments alone take [0-9.]+ .B of "
                                                "memory, but there are [0-9.]+ .B; choose a smaller model\n"));
  EXPECT_FALSE(fs::exists(directory_ / "runs"));
}

TEST_F(TrainVerb, ALongRunSaysFirstWhatItIsInForAndAShortOneOnlyWhatIsWrong) {
  const auto run = [&](const std::string& steps, const std::string& out) {
    return ktlm({"train", "--config", "run.yaml", "--set", "train.max_steps=" + steps, "--set",
                 "train.eval_every_steps=0", "--set", "train.micro_batch_size=auto", "--out", out});
  };
  const auto lengthy = run("500", "long"), brief = run("10", "short");
  EXPECT_EQ(lengthy.exit_code, 0) << lengthy.err;
  EXPECT_THAT(lengthy.err, HasSubstr(" tokens to train on ("));
  EXPECT_THAT(lengthy.err, HasSubstr("ktlm train: memory about "));
  EXPECT_THAT(lengthy.err, HasSubstr("ktlm train: a step has 64 tokens, so its gradient is mostly noise"));
  EXPECT_EQ(brief.exit_code, 0) << brief.err;
  EXPECT_THAT(brief.err, testing::Not(HasSubstr("tokens to train on (")));
  EXPECT_THAT(brief.err, testing::Not(HasSubstr("gradient is mostly noise")));
  for (const auto& result : {lengthy, brief})
    EXPECT_THAT(result.err, HasSubstr("% of the parameters; a smaller vocabulary leaves more to the layers"));
}

TEST_F(TrainVerb, AnUnknownKeyIsAnErrorWithTheNearestOne) {
  const auto result = ktlm({"train", "--config", "run.yaml", "--set", "train.warmup_step=3"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("unknown key \"train.warmup_step\"; did you mean \"warmup_steps\"?"));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
}

TEST_F(TrainVerb, ASizeThatDoesNotDivideIsRefusedBeforeAnythingIsWritten) {
  const auto result = ktlm({"train", "--config", "run.yaml", "--set", "model.n_heads=3"});
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  EXPECT_FALSE(fs::exists(directory_ / "runs"));
}

}  // namespace
}  // namespace ktlm
