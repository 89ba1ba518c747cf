#include "terminal_output.h"

#include <gtest/gtest.h>
#include <unistd.h>

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

}  // namespace
}  // namespace ktlm::cli
