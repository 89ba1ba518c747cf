#include "ktlm/core/file_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "error_message.h"
#include "ktlm/core/error.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

using test::error_message;

TEST(FileLock, SecondHolderIsToldOfTheFirst) {
  const test::TemporaryDirectory directory;
  std::optional<FileLock> lock(std::in_place, directory / "run", "wait for it");
  EXPECT_EQ(error_message([&] { FileLock(directory / "run", "wait for it"); }),
            (directory / "run").string() + ": in use by another ktlm (process " + std::to_string(::getpid()) +
                "); wait for it");
  lock.reset();
  FileLock(directory / "run", "wait for it");
}

TEST(FileLock, FileMayGoWithItsHolderWhileOthersTry) {
  const test::TemporaryDirectory directory;
  constexpr int kTurns = 2000;
  const auto take_turns = [&] {  // exits with 1 where two hold it at once
    for (int turn = 0; turn < kTurns; ++turn) {
      try {
        const FileLock lock(directory.path(), "");
        if (::mkdir((directory / "held").c_str(), 0700) != 0) ::_exit(1);
        ::usleep(100);
        ::rmdir((directory / "held").c_str());
        ::unlink(FileLock::file_in(directory.path()).c_str());
      } catch (const Error&) {  // the other one has it
      }
    }
  };
  const pid_t child = ::fork();
  take_turns();
  if (child == 0) ::_exit(0);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(FileLock, EndsWithAProcessThatIsKilled) {
  const test::TemporaryDirectory directory;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock lock(directory.path(), "");
    const char byte = 1;
    (void)!::write(ready[1], &byte, 1);
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_NE(error_message([&] { FileLock(directory.path(), "x"); }), "");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  FileLock(directory.path(), "x");
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace ktlm
