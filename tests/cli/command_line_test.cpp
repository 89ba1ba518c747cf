// The program's frame: help, version, exit codes, and the one line that an error prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "run_program.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

using test::ProgramResult;
using test::run_program;
using testing::HasSubstr;

ProgramResult ktlm(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), KTLM_BINARY);
  return run_program(arguments);
}

TEST(CommandLine, HelpNamesEveryVerb) {
  const ProgramResult result = ktlm({"--help"});
  EXPECT_EQ(result.exit_code, 0);
  for (const char* verb :
       {"prepare", "train-tokenizer", "train", "generate", "chat", "eval", "tokenize", "bench", "doctor"})
    EXPECT_THAT(result.out, HasSubstr(std::string("\n  ") + verb + " ")) << verb;
  EXPECT_EQ(result.err, "");
}

TEST(CommandLine, EveryVerbExplainsItself) {
  for (const char* verb :
       {"prepare", "train-tokenizer", "train", "generate", "chat", "eval", "tokenize", "bench", "doctor"}) {
    const ProgramResult result = ktlm({verb, "--help"});
    EXPECT_EQ(result.exit_code, 0) << verb;
    EXPECT_THAT(result.out, HasSubstr("--quiet")) << verb;
  }
}

TEST(CommandLine, TellsItsVersion) { EXPECT_THAT(ktlm({"--version"}).out, testing::StartsWith("ktlm 0.")); }

TEST(CommandLine, WithoutAVerbShowsHelpAndFails) {
  const ProgramResult result = ktlm({});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.out, HasSubstr("train-tokenizer"));
}

TEST(CommandLine, SuggestsTheNearestVerb) {
  const ProgramResult result = ktlm({"prepaer", "x"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "ktlm: unknown verb \"prepaer\"; did you mean \"prepare\"?\n");
}

TEST(CommandLine, AnUnknownOptionIsAUsageError) {
  const ProgramResult result = ktlm({"prepare", "--fraction", "2", "x"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, testing::StartsWith("ktlm prepare: "));
  EXPECT_THAT(result.err, HasSubstr("--fraction"));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
}

TEST(CommandLine, HelpOfAVerbNamesTheProgram) {
  EXPECT_THAT(ktlm({"prepare", "--help"}).out, HasSubstr("Usage: ktlm prepare [OPTIONS] [INPUT...]"));
}

TEST(CommandLine, TakesNoOptionThatDoesNothing) {
  for (const char* option : {"-v", "--verbose"}) {
    const ProgramResult result = ktlm({"tokenize", option});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr(option));
  }
}

TEST(CommandLine, AMissingConfigFileIsOneLineAndExitCode2) {
  const ProgramResult result = ktlm({"train", "--config", "/nowhere/small.yaml"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "ktlm train: /nowhere/small.yaml: can't be read: No such file or directory (errno 2)\n");
}

TEST(CommandLine, ATypoInAConfigNamesFileLineAndTheNearestKey) {
  test::TemporaryDirectory directory;
  const std::string path = (directory / "small.yaml").string();
  std::FILE* file = std::fopen(path.c_str(), "w");
  std::fputs("train:\n  warmup_step: 5\n", file);
  std::fclose(file);
  const ProgramResult result = ktlm({"train", "--config", path});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "ktlm train: " + path + ":2: unknown key \"train.warmup_step\"; did you mean \"warmup_steps\"?\n");
}

TEST(CommandLine, EveryVerbWithSettingsRefusesAnUnknownSection) {
  const std::vector<std::vector<std::string>> verbs = {
      {"prepare", "nofile"}, {"train-tokenizer"}, {"train"}, {"bench", "decode"}};
  for (std::vector<std::string> arguments : verbs) {
    const std::string verb = arguments.front();
    arguments.insert(arguments.end(), {"--set", "tokeniser.vocab_size=8000"});
    const ProgramResult result = ktlm(arguments);
    EXPECT_EQ(result.exit_code, 2) << verb;
    EXPECT_EQ(result.err, "ktlm " + verb +
                              ": --set tokeniser.vocab_size=8000: unknown section \"tokeniser\"; did you mean "
                              "\"tokenizer\"?\n");
  }
}

#ifdef __linux__
// Loading libtorch costs 200 ms; help, the verbs on text and talking on the CPU shall not pay it.
TEST(CommandLine, TheProgramLinksNoLibtorch) {
  const ProgramResult result = run_program({"/bin/sh", "-c", std::string("ldd ") + KTLM_BINARY});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("libsentencepiece"));
  EXPECT_THAT(result.out, testing::Not(HasSubstr("libtorch")));
}
#endif

}  // namespace
}  // namespace ktlm
