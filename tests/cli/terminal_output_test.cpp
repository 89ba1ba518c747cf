#include "terminal_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "console.h"

namespace ktlm::cli {
namespace {

TEST(TerminalOutput, ControlCharactersBecomeReplacementCharacters) {
  EXPECT_EQ(without_controls("가\x1b[31m나\x07\x7f\u009b다\r"), "가\uFFFD[31m나\uFFFD\uFFFD\uFFFD다\uFFFD");
  EXPECT_EQ(without_controls("한 줄\n두 줄\t끝"), "한 줄\n두 줄\t끝");
}

TEST(TerminalOutput, BytesThatAreNoUtf8StayAsTheyAre) { EXPECT_EQ(without_controls("a\xB0\xA1\xFF"), "a\xB0\xA1\xFF"); }

TEST(TerminalOutput, ACellHasOneLine) { EXPECT_EQ(on_one_line("한\n두\t\x1b"), "한 두 \uFFFD"); }

TEST(TerminalOutput, APipeHasNoColumns) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(terminal_columns(ends[1]), 0u);
  for (const int end : ends) ::close(end);
}

// Standard error is a terminal while `write` is called; what came out of it there.
template <class Write>
std::string on_terminal(const Write& write) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return "(no terminal)";
  const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY), before = ::dup(STDERR_FILENO);
  ::dup2(terminal, STDERR_FILENO);
  write();
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  ::close(terminal);
  std::string written;
  char bytes[1000];
  for (ssize_t size; (size = ::read(master, bytes, sizeof bytes)) > 0;)  // it may come in parts
    written.append(bytes, static_cast<size_t>(size));
  ::close(master);
  return written;
}

TEST(ProgressLine, ShowsNoControlCharactersOfAName) {
  const std::string drawn = on_terminal([] {
    Console(false).progress()(
        {.stage = "reading 가\x1b[2J\n나", .done = 1, .total = 2, .unit = "files", .detail = "다\r\x07"});
  });
  EXPECT_EQ(drawn, "\rreading 가\uFFFD[2J 나   50 %  다\uFFFD\uFFFD\033[K\r\n");
}

}  // namespace
}  // namespace ktlm::cli
