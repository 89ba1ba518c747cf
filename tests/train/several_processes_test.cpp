// Several processes train as one does: to the same losses, through stops, kills and errors.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>

#include "cli/run_program.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/corpus/prepare.h"
#include "ktlm/train/checkpoint.h"
#include "tiny_run.h"

namespace ktlm::train {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using Settings = std::vector<std::string>;

// A port that nobody listens at just now.
std::string free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(descriptor, generic, size) != 0 || ::getsockname(descriptor, generic, &size) != 0)
    throw std::runtime_error("no free port");
  ::close(descriptor);
  return std::to_string(ntohs(address.sin_port));
}

std::vector<double> losses(const fs::path& run_dir) {
  std::vector<double> result;
  std::ifstream lines(run_dir / "metrics.jsonl");
  for (std::string line; std::getline(lines, line);)
    if (const Json report = parse_json(line, "metrics"); report.contains("train/loss"))
      result.push_back(report.at("train/loss").get<double>());
  return result;
}

class SeveralProcesses : public testing::Test {
 protected:
  using Processes = std::vector<std::unique_ptr<test::RunningProgram>>;

  // `settings_of` each rank; all train in run_dir_.
  Processes start(const std::vector<Settings>& settings_of, const std::string& device = "cpu") const {
    Processes processes;
    const std::string port = free_port();
    for (size_t rank = 0; rank < settings_of.size(); ++rank) {
      Settings command = {
          KTLM_RANK_CHILD, prepared_.string(),           tiny_data().tokenizer.string(), run_dir_.path().string(),
          device,          std::to_string(break_behind_)};
      command.insert(command.end(), settings_of[rank].begin(), settings_of[rank].end());
      test::ProgramOptions options;
      options.environment = {{"RANK", std::to_string(rank)},
                             {"WORLD_SIZE", std::to_string(settings_of.size())},
                             {"MASTER_ADDR", "127.0.0.1"},
                             {"MASTER_PORT", port},
                             {"OMP_NUM_THREADS", "1"}};
      if (stop_while_validating_ > 0)
        options.environment.emplace_back("STOP_WHILE_VALIDATING_STEP", std::to_string(stop_while_validating_));
      if (headroom_bytes_ > 0) options.environment.emplace_back("HEADROOM_BYTES", std::to_string(headroom_bytes_));
      if (own_batches_) options.environment.emplace_back("OWN_BATCHES", "1");
      processes.push_back(std::make_unique<test::RunningProgram>(command, options));
    }
    return processes;
  }
  Processes start(size_t world_size, const Settings& settings) const {
    return start(std::vector<Settings>(world_size, settings));
  }
  void train_with(size_t world_size, const Settings& settings) const {
    for (const auto& process : start(world_size, settings)) {
      const auto result = process->wait();
      ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
    }
  }

  // A single process's run, of 4 x 2 windows a step.
  TrainRequest single(const fs::path& run_dir) const {
    TrainRequest request = tiny_request({prepared_, tiny_data().tokenizer}, run_dir);
    request.train.micro_batch_size = 4;
    return request;
  }
  static void train_seven_steps_of(const TrainRequest& request) {
    StopFlag stop;
    TrainCallbacks callbacks;
    callbacks.progress = [&](const Progress& progress) {
      if (progress.stage == "training" && progress.done == 7) stop.request(SIGTERM);
    };
    train(request, callbacks, stop);
  }
  void expect_losses_near(const fs::path& expected_dir) const {
    const auto is = losses(run_dir_.path()), expected = losses(expected_dir);
    ASSERT_EQ(is.size(), expected.size());
    for (size_t i = 0; i < is.size(); ++i) EXPECT_NEAR(is[i], expected[i], 1e-5) << "step " << i + 1;
  }

  test::TemporaryDirectory run_dir_, single_dir_;
  fs::path prepared_ = tiny_data().prepared;
  int64_t break_behind_ = 0;           // a step behind which rank 0's weights break
  bool own_batches_ = false;           // sizes that are the run's own
  int64_t stop_while_validating_ = 0;  // a step: rank 0 hears SIGTERM then
  int64_t headroom_bytes_ = 0;         // for rank 0's first step
};

class SameCurve : public SeveralProcesses, public testing::WithParamInterface<const char*> {};

TEST_P(SameCurve, TwoProcessesWithHalfTheMicroBatchTrainAsOneWithShardsOrWithout) {
  TrainRequest request = single(single_dir_.path());
  request.train.optimizer = GetParam();
  train(request, {}, StopFlag());
  const std::string optimizer = std::string("train.optimizer=") + GetParam();
  train_with(2, {optimizer});
  expect_losses_near(single_dir_.path());

  const std::string state = "checkpoints/step-000020/optimizer.safetensors";
  const std::string whole = read_file(run_dir_ / state);
  EXPECT_EQ(whole.size(), read_file(single_dir_ / state).size());
  fs::remove_all(run_dir_.path());
  train_with(2, {optimizer, "train.shard_optimizer=true"});
  expect_losses_near(single_dir_.path());
  EXPECT_EQ(read_file(run_dir_ / state).size(), whole.size());
}

INSTANTIATE_TEST_SUITE_P(Optimizers, SameCurve, testing::Values("adamw", "muon"));

TEST_F(SeveralProcesses, DialoguesOfThreeProcessesTrainAsThoseOfOne) {
  const test::TemporaryDirectory data;
  std::string lines;
  for (int i = 0; i < 12; ++i) {  // answers of many lengths, so that windows weigh unequally
    std::string answer = "산이 높다.";
    for (int j = 0; j < i % 5; ++j) answer += " 시장이 열린다.";
    const Json question = {{"role", "user"}, {"content", "서울의 봄은 " + std::to_string(i) + "?"}};
    const Json reply = {{"role", "assistant"}, {"content", answer}};
    lines += to_json_line(Json{{"messages", {question, reply}}}) + "\n";
  }
  write_file_atomically(data / "dialogues.jsonl", lines);
  corpus::PrepareConfig config;
  config.near_duplicates = false;
  corpus::prepare({(data / "dialogues.jsonl").string()}, data / "prepared", config, StopFlag(), {}, {});
  prepared_ = data / "prepared";
  TrainRequest request = single(single_dir_.path());
  request.model.max_seq_len = 96;
  request.train.task = "chat";
  request.train.micro_batch_size = 3;
  request.train.gradient_checkpointing = true;
  train(request, {}, StopFlag());
  train_with(
      3, {"model.max_seq_len=96", "train.task=chat", "train.micro_batch_size=1", "train.gradient_checkpointing=true"});
  expect_losses_near(single_dir_.path());
}

TEST_F(SeveralProcesses, ASignalToOneStopsAllAtOneStepAndOneProcessGoesOn) {
  train(single(single_dir_.path()), {}, StopFlag());
  const auto processes = start(2, {"train.shard_optimizer=true", "train.checkpoint_every_steps=0"});
  ASSERT_TRUE(processes[0]->wait_for("step 2.")) << processes[0]->result().err;
  processes[1]->send_signal(SIGTERM);
  for (const auto& process : processes) {
    const auto result = process->wait();
    ASSERT_EQ(result.exit_code, 128 + SIGTERM) << result.out << result.err;
  }
  EXPECT_EQ(list_checkpoints(run_dir_.path()).size(), 1U);
  EXPECT_LT(list_checkpoints(run_dir_.path()).front(), 20);
  TrainRequest rest = single(run_dir_.path());
  rest.resume = true;
  EXPECT_EQ(train(rest, {}, StopFlag()).step, 20);
  expect_losses_near(single_dir_.path());
}

TEST_F(SeveralProcesses, ASignalDuringTheLastValidationInterruptsTheRun) {
  stop_while_validating_ = 20;
  for (const auto& process : start(2, {"train.eval_every_steps=20"})) {
    const auto result = process->wait();
    EXPECT_EQ(result.exit_code, 128 + SIGTERM) << result.out << result.err;
  }
  EXPECT_FALSE(fs::exists(run_dir_ / "model"));
  stop_while_validating_ = 0;
  train_with(2, {"train.eval_every_steps=20"});
  EXPECT_TRUE(fs::exists(run_dir_ / "model"));
}

TEST_F(SeveralProcesses, TheRunOfOneGoesOnWithTwoAndShards) {
  train(single(single_dir_.path()), {}, StopFlag());
  train_seven_steps_of(single(run_dir_.path()));
  train_with(2, {"train.shard_optimizer=true"});
  expect_losses_near(single_dir_.path());
}

TEST_F(SeveralProcesses, TheRunsOwnBatchesAreSharedOutAnew) {
  own_batches_ = true;
  for (const int64_t size : {4, 8, 0}) {
    TrainRequest whole = single(single_dir_.path()), part = single(run_dir_.path());
    part.train.micro_batch_size = size;
    part.train.grad_accum_steps = size == 0 ? 8 : 8 / size;
    train(whole, {}, StopFlag());
    train_seven_steps_of(part);
    train_with(2, {"train.micro_batch_size=" + std::to_string(size),
                   "train.grad_accum_steps=" + std::to_string(part.train.grad_accum_steps)});
    expect_losses_near(single_dir_.path());
    ConfigTree tree;
    tree.add_file((run_dir_ / "config.yaml").string());
    EXPECT_EQ(load_section<TrainConfig>(tree, "train").windows_per_step(), 4) << "of each process";
    fs::remove_all(single_dir_.path());
    fs::remove_all(run_dir_.path());
  }
  train_seven_steps_of(single(run_dir_.path()));
  for (const auto& process : start(3, {"train.micro_batch_size=4"})) {
    const auto result = process->wait();
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.err, run_dir_.path().string() +
                              ": the run's 8 windows a step can't be shared out evenly among 3 processes; start 2\n");
  }
}

TEST_F(SeveralProcesses, ThreeGoOnToTheBitsOfThreeThatWereNotStopped) {
  const Settings steady = {"train.micro_batch_size=1", "train.lr_schedule=wsd", "train.decay_fraction=0"};
  Settings cut = steady;
  cut.emplace_back("train.max_steps=7");
  train_with(3, steady);
  fs::rename(run_dir_ / "model", single_dir_ / "model");
  fs::remove_all(run_dir_.path());
  train_with(3, cut);
  train_with(3, steady);
  expect_same_weights(single_dir_ / "model", run_dir_ / "model");
}

TEST_F(SeveralProcesses, WhatMemoryWasTooShortForIsNotTriedAgainByMore) {
  TrainRequest whole = single(run_dir_.path());
  whole.train.micro_batch_size = 8;
  whole.train.grad_accum_steps = 1;
  train_seven_steps_of(whole);
  auto state = load_newest_checkpoint(run_dir_.path(), at::kCPU, {}, {}).state;
  state.micro_batch_size = 1;  // as if memory had run out
  update_checkpoint_state(run_dir_.path(), state);
  own_batches_ = true;
  train_with(2, {"train.micro_batch_size=8", "train.grad_accum_steps=1"});
  state = load_newest_checkpoint(run_dir_.path(), at::kCPU, {}, {}).state;
  EXPECT_EQ(state.micro_batch_size, 1);
  EXPECT_EQ(state.asked_micro_batch_size, 4);
}

TEST_F(SeveralProcesses, OneProcessTakesAllWindowsOfARunOfTwo) {
  train_with(2, {"train.max_steps=5"});
  TrainRequest rest = tiny_request({prepared_, tiny_data().tokenizer}, run_dir_.path());
  rest.resume = rest.keep_windows_per_step = true;
  std::vector<std::string> notes;
  TrainCallbacks callbacks;
  callbacks.note = [&](const std::string& note) { notes.push_back(note); };
  EXPECT_EQ(train(rest, callbacks, StopFlag()).tokens_seen, 20 * 8 * 32);
  EXPECT_THAT(notes, testing::Contains("to keep the run's 8 windows a step with 1 process: micro_batch_size 2, "
                                       "grad_accum_steps 4"));
}

TEST_F(SeveralProcesses, ARunOfTwoThatHasNoCheckpointYetKeepsItsWindowsToo) {
  write_file_atomically(run_dir_ / "inputs.json", R"({"data":"a","tokenizer":"b","windows_per_step":8})");
  TrainRequest rest = tiny_request({prepared_, tiny_data().tokenizer}, run_dir_.path());
  rest.resume = rest.keep_windows_per_step = true;
  EXPECT_EQ(train(rest, {}, StopFlag()).tokens_seen, 20 * 8 * 32);
}

TEST_F(SeveralProcesses, WhereOneIsKilledAllOthersEndAndSayWhichAndTheCheckpointStands) {
  for (const size_t victim : {size_t{1}, size_t{0}}) {
    const auto processes = start(3, {"train.max_steps=100000", "train.micro_batch_size=1"});
    ASSERT_TRUE(processes[0]->wait_for("step 6.")) << processes[0]->result().err;
    processes[victim]->send_signal(SIGKILL);
    const auto start = std::chrono::steady_clock::now();
    for (size_t rank = 0; rank < processes.size(); ++rank) {
      const auto result = processes[rank]->wait();
      if (rank == victim) continue;
      EXPECT_EQ(result.exit_code, 1);
      EXPECT_EQ(result.err, "rank " + std::to_string(victim) +
                                " of 3 is gone (killed, hanging or cut off), so this process ends as well; go on from "
                                "the last checkpoint with --resume\n");
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
    TrainRequest rest = single(run_dir_.path());
    rest.resume = true;
    rest.train.micro_batch_size = 3;
    rest.train.max_steps = list_checkpoints(run_dir_.path()).front() + 3;
    EXPECT_EQ(train(rest, {}, StopFlag()).outcome, TrainOutcome::kFinished);
    fs::remove_all(run_dir_.path());
  }
}

TEST_F(SeveralProcesses, AnErrorOfOneInMidRunEndsTheOther) {
  write_file_atomically(run_dir_ / "checkpoints", "where a folder should be");
  const auto processes = start(2, {});
  const auto first = processes[0]->wait(), second = processes[1]->wait();
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_THAT(first.err, testing::StartsWith("checkpoint of step 5 could not be saved: "));
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_EQ(second.err,
            "rank 0 of 2 ended with an error, so this process ends as well; put that right and go on with --resume\n");
}

#ifdef KTLM_CAN_LIMIT_MEMORY
TEST_F(SeveralProcesses, MemoryThatRunsOutInOneIsToldWithWhatToStartAgainWith) {
  train(single(single_dir_.path()), {}, StopFlag());  // makes the token files, whose threads would leave memory behind
  headroom_bytes_ = 20'000'000;
  const Settings settings = {"train.max_steps=2", "train.warmup_steps=0"};
  Settings large = settings, advised = settings;
  large.insert(large.end(), {"train.micro_batch_size=512", "train.grad_accum_steps=1"});
  advised.insert(advised.end(), {"train.micro_batch_size=256", "train.grad_accum_steps=2"});
  const auto processes = start(2, large);
  const auto first = processes[0]->wait(), second = processes[1]->wait();
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_THAT(first.err, testing::MatchesRegex(
                             "rank 0 of 2, step 1: out of memory with train.micro_batch_size 512 \\(.*\\); start all "
                             "processes again with --resume --set train.micro_batch_size=256 --set "
                             "train.grad_accum_steps=2, the same windows\n"));
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, testing::StartsWith("rank 0 of 2 ended with an error"));
  headroom_bytes_ = 0;
  train_with(2, advised);
}
#endif

TEST_F(SeveralProcesses, WhereWeightsBreakAllGoBackToTheCheckpointTogether) {
  break_behind_ = 7;
  const Settings settings = {"train.eval_every_steps=5", "train.sample_prompts=[서울]"};
  Settings whole = settings, shards = settings;
  whole.push_back("train.micro_batch_size=4");
  shards.push_back("train.shard_optimizer=true");
  train_with(1, whole);
  fs::rename(run_dir_.path(), single_dir_ / "one");
  train_with(2, shards);
  EXPECT_THAT(read_file(run_dir_ / "metrics.jsonl"), HasSubstr("\"train/rolled_back_from\":10"));
  expect_losses_near(single_dir_ / "one");
}

TEST_F(SeveralProcesses, OtherSettingsAreNamedAndEndAll) {
  const auto processes = start({{"train.seed=1"}, {"train.seed=7"}});
  const auto first = processes[0]->wait(), second = processes[1]->wait();
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_THAT(first.err, HasSubstr("rank 1 of 2 ended with an error"));
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_EQ(second.err,
            "rank 1 of 2 was started with other settings than rank 0: it has \"  seed: 7\", expected \"  seed: 1\"; "
            "start all processes with the same command and data\n");
  EXPECT_TRUE(list_checkpoints(run_dir_.path()).empty());
}

TEST_F(SeveralProcesses, AutoFindsASizeThatDividesEachOnesWindows) {
  train_with(2, {"train.micro_batch_size=auto", "train.grad_accum_steps=12", "train.max_steps=3"});
  ConfigTree tree;
  tree.add_file((run_dir_ / "config.yaml").string());
  const auto config = load_section<TrainConfig>(tree, "train");
  EXPECT_EQ(config.micro_batch_size, 6);
  EXPECT_EQ(config.grad_accum_steps, 1);
  fs::remove_all(run_dir_.path());
  const auto odd = start(2, {"train.micro_batch_size=auto", "train.grad_accum_steps=3"});
  EXPECT_EQ(odd[0]->wait().err,
            "train.grad_accum_steps is 3, with train.micro_batch_size auto the windows of a step; expected a multiple "
            "of the 2 processes\n");
}

TEST_F(SeveralProcesses, MpsIsRefused) {
  const auto processes = start(std::vector<Settings>(2), "mps");
  EXPECT_THAT(processes[0]->wait().err, HasSubstr("device \"mps\" can't train with other processes"));
}

}  // namespace
}  // namespace ktlm::train
