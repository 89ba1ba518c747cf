// The environment that launchers give their processes, and what is made of it.
#include "ktlm/train/launch.h"

#include <gtest/gtest.h>

#include <map>

#include "error_message.h"

namespace ktlm::train {
namespace {

using Variables = std::map<std::string, std::string>;

Environment environment(Variables variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}
Launch launch(Variables variables) { return launch_from(environment(std::move(variables))); }
std::string refusal(Variables variables) {
  return test::error_message([&] { launch(std::move(variables)); });
}

TEST(Launch, WithoutALauncherAProcessIsAlone) {
  EXPECT_EQ(launch({}).world_size, 1);
  EXPECT_EQ(launch({{"MASTER_ADDR", "somewhere"}, {"MASTER_PORT", "1"}}).world_size, 1);
  EXPECT_EQ(launch({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).world_size, 1);
  EXPECT_EQ(launch({{"RANK", ""}, {"WORLD_SIZE", ""}}).world_size, 1);
}

TEST(Launch, TorchrunSaysAllAndKeepsTheStore) {
  const Launch is = launch({{"RANK", "5"},
                            {"WORLD_SIZE", "8"},
                            {"LOCAL_RANK", "1"},
                            {"LOCAL_WORLD_SIZE", "4"},
                            {"MASTER_ADDR", "node7"},
                            {"MASTER_PORT", "29501"},
                            {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                            {"TORCHELASTIC_RUN_ID", "night"}});
  EXPECT_EQ(is.rank, 5);
  EXPECT_EQ(is.world_size, 8);
  EXPECT_EQ(is.local_rank, 1);
  EXPECT_EQ(is.local_world_size, 4);
  EXPECT_FALSE(is.on_one_machine());
  EXPECT_EQ(is.master_address, "node7");
  EXPECT_EQ(is.master_port, 29501);
  EXPECT_TRUE(is.store_is_there);
  EXPECT_EQ(is.job, "night.");
  EXPECT_FALSE(is.binds_to_cores);
}

Launch place(int64_t rank, int64_t world_size, int64_t local_rank, int64_t local_world_size) {
  Launch launch;
  launch.rank = rank;
  launch.world_size = world_size;
  launch.local_rank = local_rank;
  launch.local_world_size = local_world_size;
  return launch;
}

TEST(ChooseGpu, ProcessesOfAMachineThatSeeTheSameOnesTakeOneEach) {
  EXPECT_EQ(choose_gpu(place(0, 4, 0, 2), 2, {7, 7, 7, 7}), 0);
  EXPECT_EQ(choose_gpu(place(3, 4, 1, 2), 2, {7, 7, 7, 7}), 1);
  EXPECT_EQ(choose_gpu(place(2, 4, 2, 1), 4, {7, 7, 7, 7}), 2) << "how many a machine has is not known";
}

TEST(ChooseGpu, AProcessThatSeesItsOwnTakesTheFirst) {
  EXPECT_EQ(choose_gpu(place(1, 2, 1, 2), 1, {3, 4}), 0);
  EXPECT_EQ(choose_gpu(place(3, 4, 3, 4), 2, {3, 3, 4, 4}), 1) << "two share two";
}

TEST(ChooseGpu, FewerThanProcessesAreRefusedWithBothCounts) {
  const auto refusal = [](const Launch& launch, int64_t num_gpus, const std::vector<double>& visible) {
    return test::error_message([&] { choose_gpu(launch, num_gpus, visible); });
  };
  for (const int64_t rank : {0, 1})  // of both, so that neither only hears of the other
    EXPECT_EQ(refusal(place(rank, 2, rank, 2), 1, {7, 7}),
              "2 processes of this machine have 1 GPU, expected one each; start as many as there are GPUs (torchrun "
              "--nproc-per-node 1), or give --device cpu");
  EXPECT_EQ(refusal(place(2, 3, 2, 1), 2, {7, 7, 7}),
            "3 processes of this machine have 2 GPUs, expected one each; start as many as there are GPUs (torchrun "
            "--nproc-per-node 2), or give --device cpu");
}

TEST(Launch, OnOneMachineTheMasterIsTheMachineItself) {
  const Launch is = launch({{"OMPI_COMM_WORLD_RANK", "1"},
                            {"OMPI_COMM_WORLD_SIZE", "2"},
                            {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                            {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  EXPECT_EQ(is.rank, 1);
  EXPECT_EQ(is.local_rank, 1);
  EXPECT_TRUE(is.on_one_machine());
  EXPECT_EQ(is.master_address, "127.0.0.1");
  EXPECT_EQ(is.master_port, 29500);
  EXPECT_FALSE(is.store_is_there);
  const Launch by_address = launch({{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "localhost"}});
  EXPECT_EQ(by_address.local_rank, 1);
  EXPECT_EQ(by_address.local_world_size, 2);
}

TEST(Launch, SrunCountsAsOneOfItsStepWhoseFirstNodeIsTheMaster) {
  const Variables task = {{"SLURM_JOB_ID", "123456"},
                          {"SLURM_NTASKS", "4"},
                          {"SLURM_PROCID", "3"},
                          {"SLURM_LOCALID", "1"},
                          {"SLURM_STEP_NUM_TASKS", "4"},
                          {"SLURM_STEP_NUM_NODES", "2"},
                          {"SLURM_STEP_TASKS_PER_NODE", "2(x2)"},
                          {"SLURM_STEP_NODELIST", "gpu[03-05,9],cpu1"}};
  const Launch is = launch(task);
  EXPECT_EQ(is.rank, 3);
  EXPECT_EQ(is.world_size, 4);
  EXPECT_EQ(is.local_rank, 1);
  EXPECT_EQ(is.local_world_size, 2);
  EXPECT_EQ(is.master_address, "gpu03");
  EXPECT_EQ(is.master_port, 23456);
  EXPECT_TRUE(is.binds_to_cores);
  Variables second_step = task;
  second_step.emplace("SLURM_STEP_ID", "1");
  EXPECT_EQ(launch(second_step).job, "123456.1");
  EXPECT_EQ(launch(second_step).master_port, 23557) << "two steps of a job do not meet";
  Variables with_pmi = task;
  with_pmi.emplace("PMI_RANK", "3");
  with_pmi.emplace("PMI_SIZE", "4");
  EXPECT_EQ(launch(with_pmi).local_rank, 1);
}

TEST(Launch, TheShellOfABatchJobTrainsAlone) {
  EXPECT_EQ(launch({{"SLURM_JOB_ID", "1"}, {"SLURM_NTASKS", "8"}, {"SLURM_PROCID", "0"}}).world_size, 1);
  EXPECT_EQ(launch({{"SLURM_NTASKS", "8"}}).world_size, 1);
}

TEST(Launch, MpirunAndTorchrunWinOverTheSrunThatStartedThem) {
  Variables helpers = {{"SLURM_PROCID", "1"}, {"SLURM_STEP_NUM_TASKS", "2"}, {"SLURM_LOCALID", "0"}, {"PMI_RANK", "5"},
                       {"PMI_SIZE", "8"},     {"MPI_LOCALRANKID", "1"},      {"MASTER_ADDR", "a"}};
  EXPECT_EQ(launch(helpers).rank, 5);
  EXPECT_EQ(launch(helpers).local_rank, 1);
  helpers.emplace("OMPI_COMM_WORLD_RANK", "6");
  helpers.emplace("OMPI_COMM_WORLD_SIZE", "8");
  EXPECT_EQ(launch(helpers).rank, 6);
  helpers.emplace("RANK", "7");
  helpers.emplace("WORLD_SIZE", "8");
  EXPECT_EQ(launch(helpers).rank, 7);
}

TEST(Launch, WhatMakesNoSenseIsRefusedInOneLine) {
  EXPECT_EQ(refusal({{"WORLD_SIZE", "2"}}),
            "environment: WORLD_SIZE is set, but RANK is not; start the processes with torchrun, or unset it to train "
            "in one");
  EXPECT_EQ(refusal({{"RANK", "2"}, {"WORLD_SIZE", "2"}}),
            "environment: RANK is \"2\", expected an integer from 0 to 1");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "two"}}),
            "environment: WORLD_SIZE is \"two\", expected an integer from 1 to 1048576");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "99999"}}),
            "environment: MASTER_PORT is \"99999\", expected an integer from 1 to 65535");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "2"}}),
            "environment: WORLD_SIZE is 2, but MASTER_ADDR does not say where the processes meet; set it to the "
            "machine of rank 0 (127.0.0.1 where all are on one), or start them with torchrun");
}

TEST(Launch, TheFirstNodeOfASlurmListIsFound) {
  EXPECT_EQ(first_slurm_node("a"), "a");
  EXPECT_EQ(first_slurm_node("a,b"), "a");
  EXPECT_EQ(first_slurm_node("a[7]"), "a7");
  EXPECT_EQ(first_slurm_node("a[007-009]"), "a007");
  EXPECT_EQ(first_slurm_node("rack1-a[2,4-5]-ib,b"), "rack1-a2-ib");
}

}  // namespace
}  // namespace ktlm::train
