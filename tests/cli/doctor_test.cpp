// ktlm doctor through the program: what cannot be measured takes nothing of the verdict with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/run_program.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

// A folder in which not even root can make a file.
std::string unwritable_directory() { return std::filesystem::exists("/proc/self") ? "/proc" : "/System"; }

TEST(Doctor, WhatCannotBeMeasuredIsToldAndTheVerdictStays) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "huge.yaml",
                        "model: {vocab_size: 1000000, d_model: 1048576, n_layers: 2, n_heads: 8192, d_ff: 65536}\n");
  std::vector<std::string> arguments = {KTLM_BINARY, "doctor", "--device", "cpu",
                                        "--threads", "1",      "--config", (directory / "huge.yaml").string()};
  const auto text = test::run_program(arguments, {.directory = unwritable_directory()});
  EXPECT_EQ(text.exit_code, 0) << text.out << text.err;
  EXPECT_THAT(text.out, HasSubstr("\ndisk here       not measured: .: cannot make a file: "));
  EXPECT_THAT(text.out, HasSubstr("; run it in a folder that can be written to\n"));
  EXPECT_THAT(text.out, HasSubstr("\nhuge: time not measured: two of its layers alone take "));
  EXPECT_THAT(text.out, HasSubstr("\nnone of these fits as it is\n"));
  EXPECT_THAT(text.out, MatchesRegex(".*\ncpu computes rightly: [0-9]+ of [0-9]+ checks[^\n]*\n"));

  arguments.push_back("--json");
  const auto result = test::run_program(arguments, {.directory = unwritable_directory()});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const Json json = parse_json(result.out, "doctor --json");
  EXPECT_EQ(json.at("computes_rightly"), true);
  EXPECT_THAT(json.at("speed").at("disk_not_measured").get<std::string>(), StartsWith(".: cannot make a file: "));
  EXPECT_GT(json.at("speed").at("read_bytes_per_second"), 0);
  EXPECT_EQ(json.at("largest_that_fits"), nullptr);
  const Json& config = json.at("configs").at(0);
  EXPECT_EQ(config.at("fits"), false);
  EXPECT_THAT(config.at("time_not_measured").get<std::string>(), EndsWith(" that a run may take"));
  EXPECT_FALSE(config.contains("estimated_seconds"));
}

}  // namespace
}  // namespace ktlm
