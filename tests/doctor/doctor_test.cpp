// ktlm doctor and the refusal of ktlm train through the program: right on the CPU and on the MPS of fakemps, and five
// faults of kernels (faulty_kernels.cpp) that must each be found and named.
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/run_program.h"
#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/doctor/self_test.h"
#include "ktlm/doctor/speed.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using testing::HasSubstr;
using testing::MatchesRegex;

std::string last_line(const std::string& text) {
  const size_t end = text.find_last_not_of('\n'), begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1, end - begin);
}

struct Machine {
  std::string fault;  // empty: a right one
  bool mps = false;   // fakemps's
};

ProgramResult ktlm(std::vector<std::string> arguments, [[maybe_unused]] const Machine& machine = {},
                   const fs::path& directory = {}) {
  arguments.insert(arguments.begin(), KTLM_BINARY);
  test::ProgramOptions options{.directory = directory.string()};
#ifdef KTLM_FAULTY_KERNELS
  std::string preloaded = machine.fault.empty() ? "" : KTLM_FAULTY_KERNELS;
  if (!machine.fault.empty()) options.environment.emplace_back("KTLM_TEST_FAULT", machine.fault);
#ifdef KTLM_FAKEMPS
  if (machine.mps && !preloaded.empty()) preloaded += ':';
  if (machine.mps) preloaded += KTLM_FAKEMPS;
  options.environment.emplace_back("FAKEMPS_OPS", KTLM_FAKEMPS_OPS);
#endif
  options.environment.emplace_back("LD_PRELOAD", preloaded);
#endif
  return test::run_program(arguments, options);
}

bool has_fakemps() {
#if defined(KTLM_FAKEMPS) && defined(KTLM_FAULTY_KERNELS)
  return true;
#else
  return false;
#endif
}

// The quick checks on fakemps without some of Metal's operators.
ProgramResult doctor_on_mps_without([[maybe_unused]] const std::vector<std::string>& missing) {
#ifdef KTLM_FAKEMPS
  const test::TemporaryDirectory directory;
  std::string operations = read_file(KTLM_FAKEMPS_OPS);
  for (const std::string& name : missing) operations.erase(operations.find("\n" + name + "\n"), name.size() + 1);
  write_file_atomically(directory / "ops.txt", operations);
  test::ProgramOptions options;
  options.environment = {{"LD_PRELOAD", KTLM_FAKEMPS}, {"FAKEMPS_OPS", (directory / "ops.txt").string()}};
  return test::run_program({KTLM_BINARY, "doctor", "--device", "mps", "--threads", "1", "--quick"}, options);
#else
  return {};
#endif
}

struct Fault {
  const char *name, *found_as;
};

const Fault kVocabulary = {"vocabulary", "loss over 40,000 words, fp32 forward: the loss of a row at .* expected .*"};

// What names each fault first.
const std::vector<Fault> kFaults = {
    {"future", "causal attention, fp32 length 7: token [0-9]+ of 7 changes the results before it, by .*"},
    {"grouping", "attention, 6 heads on 2, fp32 forward: the result at .* expected .*"},
    kVocabulary,
    {"nan_softmax",
     "causal attention, fp32 length 7: .* holds NaN or infinity in [0-9]+ of 1536 places, first at \\[0, 0, 0, 0\\]"}};

// Found by the whole doctor, and no ground for train to refuse a device: ktlm hands it no strided parameter.
const Fault kFrozen = {"frozen", "AdamW on a strided parameter, fp32 update: the parameter stays as it was"};

TEST(Doctor, FindsTheCpuRight) {
  const auto result = ktlm({"doctor", "--device", "cpu", "--threads", "1", "--quick"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(last_line(result.out), MatchesRegex("cpu computes rightly: ([0-9]+) of [0-9]+ checks"));
  EXPECT_THAT(result.out, HasSubstr("\nloss over 40,000 words            right    right\n"));
}

TEST(Doctor, FindsTheCpuRightInEveryCheckAndDtype) {
  at::set_num_threads(1);  // two would wait for each other where other tests run
  const auto results = doctor::run_all_checks(at::kCPU, nullptr);
  EXPECT_GT(results.size(), 100u);
  for (const auto& result : results) EXPECT_EQ(result.outcome, doctor::Outcome::kRight) << doctor::describe(result);
}

TEST(Doctor, FindsFakempsRightInEveryCheck) {
  if (!has_fakemps()) GTEST_SKIP() << "fakemps (cmake/fakemps.cmake) is not at hand";
  const auto result =
      ktlm({"doctor", "--device", "mps", "--threads", "1", "--config", KTLM_SOURCE_DIR "/configs/tiny.yaml", "--json"},
           {.mps = true});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const Json json = parse_json(result.out, "doctor --json");
  EXPECT_EQ(json.at("device"), "mps");
  for (const Json& check : json.at("checks")) EXPECT_EQ(check.at("outcome"), "right") << check;
  EXPECT_EQ(json.at("computes_rightly"), true);
  EXPECT_EQ(json.at("memory_bytes"), int64_t{12} << 30);  // what fakemps says that Metal recommends
  EXPECT_EQ(json.at("speed").at("gemm_flops_per_second").size(), 3u);
  for (const char* speed : {"read_bytes_per_second", "disk_write_bytes_per_second", "disk_read_bytes_per_second"})
    EXPECT_GT(json.at("speed").at(speed), 0) << speed;
  const Json& config = json.at("configs").at(0);
  EXPECT_EQ(config.at("name"), "tiny");
  EXPECT_EQ(config.at("fits"), true);
  EXPECT_GT(config.at("largest_micro_batch"), 8);
  EXPECT_GT(config.at("estimated_seconds"), 0);
}

TEST(Doctor, FindsEachFaultOnTheCpu) {
#ifndef KTLM_FAULTY_KERNELS
  GTEST_SKIP() << "faults are put in place through Linux's loader";
#endif
  // Most of attention is ktlm's own there: faults of libtorch's softmax and batched products can't reach it, and are
  // found on fakemps (TrainRefuses..). Queries that meet values for keys can only show where the two differ.
  const std::vector<Fault> faults = {kFrozen,
                                     {"swapped", "attention of one query, fp32 forward: with 7 keys the result at .*"},
                                     {"grouping", "Muon, fp32 wide: the result holds NaN or infinity in .*"},
                                     kVocabulary};
  for (const Fault& fault : faults) {
    std::vector<std::string> arguments = {"doctor", "--device", "cpu", "--threads", "1"};
    if (fault.name != kFrozen.name) arguments.emplace_back("--quick");
    const auto result = ktlm(arguments, {.fault = fault.name});
    EXPECT_EQ(result.exit_code, 1) << fault.name << result.err;
    EXPECT_THAT(last_line(result.out),
                MatchesRegex("cpu computes wrongly: [0-9]+ of [0-9]+ checks, first " + std::string(fault.found_as) +
                             "; install libtorch anew, or take another machine"))
        << fault.name;
  }
}

TEST(Doctor, WhatIsMissingInFp16IsAFactAndInFp32AFault) {
#ifndef KTLM_FAULTY_KERNELS
  GTEST_SKIP() << "faults are put in place through Linux's loader";
#endif
  const auto without_fp16 =
      ktlm({"doctor", "--device", "cpu", "--threads", "1", "--config", KTLM_SOURCE_DIR "/configs/tiny.yaml"},
           {.fault = "no_fp16"});
  EXPECT_EQ(without_fp16.exit_code, 0) << without_fp16.err;
  EXPECT_THAT(without_fp16.out, HasSubstr("\nSwiGLU                            right    right    none\n"));
  EXPECT_THAT(last_line(without_fp16.out),
              MatchesRegex("cpu computes rightly: ([0-9]+) of [0-9]+ checks \\([0-9]+ more not supported\\)"));

  if (!has_fakemps()) return;
  const auto without = doctor_on_mps_without({"silu", "silu.out"});
  EXPECT_EQ(without.exit_code, 1) << without.err;
  EXPECT_THAT(last_line(without.out),
              MatchesRegex("mps computes wrongly: [0-9]+ of [0-9]+ checks, first SwiGLU, fp32 forward: "
                           "aten::silu(.out)? has no kernel on mps; use --device cpu"));
}

TEST(Doctor, ADeviceThatCannotEvenMakeTheInputsGetsAVerdict) {
  if (!has_fakemps()) GTEST_SKIP() << "fakemps (cmake/fakemps.cmake) is not at hand";
  const auto result = doctor_on_mps_without({"empty.memory_format", "empty_strided"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(last_line(result.out),
              MatchesRegex("mps computes wrongly: [0-9]+ of [0-9]+ checks, first causal attention, fp32 length 7: "
                           "aten::empty_strided has no kernel on mps; use --device cpu"));
  EXPECT_THAT(result.out, HasSubstr("\nrotary embedding                  WRONG    WRONG\n"));
}

TEST(Doctor, TrainRefusesADeviceThatComputesWronglyWhatARunNeeds) {
  if (!has_fakemps()) GTEST_SKIP() << "fakemps (cmake/fakemps.cmake) is not at hand";
  const test::TemporaryDirectory directory;
  ASSERT_EQ(ktlm({"prepare", KTLM_TEST_DATA_DIR "/sample/dialogues.jsonl"}, {}, directory.path()).exit_code, 0);
  ASSERT_EQ(ktlm({"train-tokenizer", "--vocab-size", "800"}, {}, directory.path()).exit_code, 0);
  write_file_atomically(
      directory / "run.yaml",
      "model: {d_model: 32, n_layers: 1, n_heads: 2, n_kv_heads: 1, d_ff: 64, max_seq_len: 64}\n"
      "train: {max_steps: 2, micro_batch_size: 2, warmup_steps: 1, eval_every_steps: 0, threads: 1}\n");
  const auto train = [&](const std::string& device, const std::string& dtype, const Machine& machine) {
    return ktlm({"train", "--config", "run.yaml", "--device", device, "--dtype", dtype, "--out", "run"}, machine,
                directory.path());
  };
  for (const Fault& fault : kFaults) {
    for (const std::string dtype : {"fp32", "bf16"}) {
      const auto result = train("mps", dtype, {.fault = fault.name, .mps = true});
      EXPECT_EQ(result.exit_code, 1) << fault.name << result.err;
      EXPECT_THAT(last_line(result.err),
                  MatchesRegex("ktlm train: mps computes wrongly: [0-9]+ of [0-9]+ checks, first " +
                               std::string(fault.found_as) + "; use --device cpu \\(ktlm doctor tells more\\)"));
      EXPECT_FALSE(fs::exists(directory / "run/config.yaml"));
    }
  }
  // A run in bf16 needs fp32 as well; one in fp32 is the way round where bf16 alone is wrong.
  const auto in_fp32 = train("mps", "bf16", {.fault = "nan_fp32", .mps = true});
  EXPECT_EQ(in_fp32.exit_code, 1) << in_fp32.err;
  EXPECT_THAT(last_line(in_fp32.err),
              MatchesRegex(".*first SwiGLU, fp32 forward: .*; use --device cpu \\(ktlm doctor.*"));
  const auto in_bf16 = train("mps", "bf16", {.fault = "nan_bf16", .mps = true});
  EXPECT_EQ(in_bf16.exit_code, 1) << in_bf16.err;
  EXPECT_THAT(last_line(in_bf16.err),
              MatchesRegex(".*first SwiGLU, bf16 forward: .*; use --device cpu or --dtype fp32 \\(ktlm doctor.*"));

  const auto right = train("mps", "bf16", {.fault = kFrozen.name, .mps = true});
  EXPECT_EQ(right.exit_code, 0) << right.err;
}

TEST(Doctor, LeavesNoFileBehindAndTellsOfAFolderThatItCannotWriteTo) {
  const test::TemporaryDirectory directory;
  doctor::disk_speed(directory.path());
  EXPECT_TRUE(fs::is_empty(directory.path()));
  const auto nowhere = directory / "nowhere";
  EXPECT_EQ(test::error_message([&] { doctor::disk_speed(nowhere); }),
            nowhere.string() +
                ": cannot make a file: No such file or directory (errno 2); run it in a folder that can be written to");
}

TEST(Doctor, RefusesAnUnknownDevice) {
  const auto result = ktlm({"doctor", "--device", "tpu"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "ktlm doctor: device \"tpu\" is unknown; choose auto, cpu, cuda or mps\n");
  EXPECT_EQ(result.out, "");
}

}  // namespace
}  // namespace ktlm
