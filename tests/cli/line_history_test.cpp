#include "line_history.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "ktlm/core/files.h"
#include "temporary_directory.h"

namespace ktlm::cli {
namespace {

using std::filesystem::perms;

TEST(LineHistory, GivesEntriesBackWithTheirLineEndsAndBackslashes) {
  const test::TemporaryDirectory directory;
  const LineHistory history(directory / "history");
  EXPECT_TRUE(history.load().empty());
  const std::vector<std::string> entries = {"안녕?", "첫 줄\n\n셋째 줄", "C:\\new\\", "\\n"};
  for (const std::string& entry : entries) history.add(entry);
  EXPECT_EQ(history.load(), entries);
  write_file_atomically(directory / "history", "예전 \\줄\n");  // an unknown escape is no escape
  EXPECT_EQ(history.load(), std::vector<std::string>{"예전 \\줄"});
}

TEST(LineHistory, IsItsOwnersAlone) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "made" / "for" / "history";
  LineHistory(file).add("비밀");
  const perms others = perms::group_all | perms::others_all;
  EXPECT_EQ(std::filesystem::status(file).permissions() & others, perms::none);
  EXPECT_EQ(std::filesystem::status(file.parent_path()).permissions() & others, perms::none);
}

TEST(LineHistory, WhereNothingCanBeWrittenNothingIsKept) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "file", "");
  const LineHistory history(directory.path() / "file" / "history");
  history.add("가");
  EXPECT_TRUE(history.load().empty());
  LineHistory("").add("가");
}

TEST(LineHistory, SeveralProgramsThatAddAndShortenLoseNoLine) {
  const test::TemporaryDirectory directory;
  const LineHistory history(directory / "history");
  constexpr int kPrograms = 4, kLines = 400;
  for (size_t i = 0; i < LineHistory::kMostEntries; ++i) history.add("old");
  std::vector<pid_t> children;
  for (int program = 0; program < kPrograms; ++program) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    for (int line = 0; line < kLines; ++line) {
      history.add(std::to_string(program) + ":" + std::to_string(line));
      if (line % 20 == 0) history.load();
    }
    ::_exit(0);
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  // 1,600 lines were added to 1,000, so the file was shortened at 2,000; of each program's the last are there, in
  // order.
  const std::vector<std::string> entries = history.load();
  ASSERT_EQ(entries.size(), LineHistory::kMostEntries);
  std::vector<int> next(kPrograms, -1);
  for (const std::string& entry : entries) {
    ASSERT_NE(entry, "old");
    const auto program = static_cast<size_t>(entry[0] - '0');
    const int line = std::stoi(entry.substr(2));
    if (next[program] >= 0) {
      EXPECT_EQ(line, next[program]);
    }
    next[program] = line + 1;
  }
  for (const int end : next) EXPECT_TRUE(end == kLines || end == -1) << end;  // -1: done before the last 1,000 began
}

}  // namespace
}  // namespace ktlm::cli
