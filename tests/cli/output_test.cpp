// What the verbs do where standard output takes no more: a full disk is said, a closed pipe ends them as it does any
// filter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "talk_model_directory.h"

namespace ktlm {
namespace {

using test::run_in_talk_directory;

// `command` as a shell takes it; $0 is the program.
test::ProgramResult run_shell(const std::string& command) {
  return run_in_talk_directory({"/bin/sh", "-c", command, KTLM_BINARY});
}

TEST(FullDisk, IsOneLineAndExitCode1) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  const std::vector<std::pair<std::string, std::string>> commands = {
      {" generate", "generate -q --max-new-tokens 4"},
      {" generate", "generate -q --max-new-tokens 4 --json"},
      {" generate", "generate -q --max-new-tokens 4 --prompt 가 --prompt 나"},
      {" chat", "chat -q --max-new-tokens 4"},
      {" tokenize", "tokenize --model model"},
      {" tokenize", "tokenize --model model --count --json"},
      {"", "--help"},
      {"", "generate --help"},
      {"", "--version"},
  };
  for (const auto& [verb, arguments] : commands) {
    SCOPED_TRACE(arguments);
    const test::ProgramResult result = run_shell("echo 가 | \"$0\" " + arguments + " > /dev/full");
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.err, "ktlm" + verb + ": standard output: can't be written: No space left on device (errno 28)\n");
  }
}

TEST(ClosedPipe, EndsGenerateQuietly) {
  const test::ProgramResult result =
      run_shell("{ \"$0\" generate -q --prompt 가 --max-new-tokens 0 --temperature 2; echo $? >&2; } | true");
  EXPECT_EQ(result.err, "141\n");  // SIGPIPE
}

}  // namespace
}  // namespace ktlm
