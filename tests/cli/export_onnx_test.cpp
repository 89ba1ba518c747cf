// ktlm export --onnx as a shell uses it. What stands in the files is tests/export's matter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "run_program.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

namespace fs = std::filesystem;

using test::ProgramResult;
using testing::HasSubstr;

const fs::path kModel = KTLM_TEST_DATA_DIR "/golden/qwen3_gqa_tied";

ProgramResult export_in(const fs::path& directory, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {KTLM_BINARY, "export"});
  return test::run_program(arguments, {.directory = directory.string()});
}

TEST(ExportOnnx, TheNewestModelGoesToADirectoryBesideIt) {
  const test::TemporaryDirectory work;
  fs::create_directories(work / "runs/small");
  fs::copy(kModel, work / "runs/small/model");
  const ProgramResult result = export_in(work.path(), {"--onnx"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "runs/small/small-onnx\n");
  EXPECT_THAT(result.err, HasSubstr("model.onnx, "));
  EXPECT_TRUE(fs::exists(work / "runs/small/small-onnx/onnx/model.onnx"));
  EXPECT_TRUE(fs::exists(work / "runs/small/small-onnx/config.json"));
}

TEST(ExportOnnx, BothNumbersGoToTheDirectoryThatIsNamed) {
  const test::TemporaryDirectory work;
  const ProgramResult result =
      export_in(work.path(), {"--onnx", "fp32,fp16", "-q", "--model", kModel.string(), "--out", "there/out"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out + result.err, "there/out\n");
  EXPECT_TRUE(fs::exists(work / "there/out/onnx/model.onnx"));
  EXPECT_TRUE(fs::exists(work / "there/out/onnx/model_fp16.onnx"));
}

TEST(ExportOnnx, WhatItCannotDoIsSaidInOneLine) {
  const test::TemporaryDirectory work;
  const ProgramResult numbers = export_in(work.path(), {"--onnx", "int8", "--model", kModel.string()});
  EXPECT_EQ(numbers.exit_code, 2);
  EXPECT_EQ(numbers.err, "ktlm export: no ONNX numbers \"int8\"; choose fp32, fp16 or both, fp32,fp16\n");
  const ProgramResult both = export_in(work.path(), {"--onnx", "--gguf", "--model", kModel.string()});
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_EQ(both.err, "ktlm export: --gguf can't stand with --onnx; leave one of them out\n");
  fs::create_directories(work / "mine/photos");
  const ProgramResult taken = export_in(work.path(), {"--onnx", "--model", kModel.string(), "--out", "mine"});
  EXPECT_EQ(taken.exit_code, 1);
  EXPECT_EQ(taken.err,
            "ktlm export: mine: holds photos, which is no part of an ONNX export; name another place with --out\n");
  EXPECT_TRUE(fs::exists(work / "mine/photos"));
}

}  // namespace
}  // namespace ktlm
