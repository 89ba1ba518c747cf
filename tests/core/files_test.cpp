#include "ktlm/core/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "error_message.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

using test::error_message;
using test::TemporaryDirectory;

int count_entries(const std::filesystem::path& directory) {
  const auto entries = std::filesystem::directory_iterator(directory);
  return static_cast<int>(std::distance(begin(entries), end(entries)));
}

TEST(AtomicFile, KeepsTheOldContentUntilCommitted) {
  TemporaryDirectory directory;
  const auto path = directory / "a.txt";
  write_file_atomically(path, "old");
  {
    AtomicFile file(path);
    file.write("new content");
    EXPECT_EQ(read_file(path), "old");
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(count_entries(directory.path()), 1);
  write_file_atomically(path, "new");
  EXPECT_EQ(read_file(path), "new");
  EXPECT_EQ(count_entries(directory.path()), 1);
}

TEST(AtomicFile, AKilledWriterLeavesNothingUnderTheFinalNameAndTheNextOneCleansUp) {
  TemporaryDirectory directory;
  const auto path = directory / "a.txt";
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(path);
    file.write("half");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(count_entries(directory.path()), 1);  // the temporary file
  write_file_atomically(path, "whole");
  EXPECT_EQ(count_entries(directory.path()), 1);
  EXPECT_EQ(read_file(path), "whole");
}

TEST(AtomicFile, FullDiskIsOneClearLineAndLeavesNothing) {
  TemporaryDirectory directory;
  // RLIMIT_FSIZE fails writes beyond a size, as a full disk does; in a child, since a limit can't be raised again.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message =
        error_message([&] { write_file_atomically(directory / "a.txt", std::string(100'000, 'x')); });
    ::_exit(message == (directory / "a.txt").string() + ": can't be written: " + system_error_text(EFBIG) +
                           "; see ulimit -f, or choose a place for larger files"
                ? 0
                : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(count_entries(directory.path()), 0);
}

TEST(AtomicFile, AFolderThatMayNotBeWrittenToIsNamedByWhatWasAskedFor) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  TemporaryDirectory directory;
  const auto path = directory / "a";
  std::filesystem::permissions(directory.path(),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  const std::string expected = ": Permission denied (errno 13); choose a place that you may write to";
  EXPECT_EQ(error_message([&] { write_file_atomically(path, "x"); }), path.string() + ": can't be written" + expected);
  EXPECT_EQ(error_message([&] { AtomicDirectory writing(path); }), path.string() + ": can't be made" + expected);
  EXPECT_EQ(error_message([&] { make_private_directories(path); }), path.string() + ": can't be made" + expected);
  std::filesystem::permissions(directory.path(), std::filesystem::perms::owner_all);
}

TEST(MakePrivateDirectories, LetsNobodyElseIntoWhatItMakes) {
  TemporaryDirectory directory;
  make_private_directories(directory / "a/b");
  make_private_directories(directory / "a/b");
  using std::filesystem::perms;
  for (const char* made : {"a", "a/b"})
    EXPECT_EQ(std::filesystem::status(directory / made).permissions(), perms::owner_all) << made;
}

TEST(MakePrivateDirectories, APlaceThatCantBeLookedAtIsAnErrorLikeAnyOther) {
  TemporaryDirectory directory;
  std::filesystem::create_symlink("b", directory / "a");
  std::filesystem::create_symlink("a", directory / "b");
  EXPECT_TRUE(
      error_message([&] { make_private_directories(directory / "a/c"); }).starts_with((directory / "a").string()));
}

TEST(AtomicDirectory, ReplacesAWholeDirectoryOnCommitOnly) {
  TemporaryDirectory directory;
  const auto final_path = directory / "model";
  {
    AtomicDirectory first(final_path);
    write_file_atomically(first.path() / "old", "1");
    first.commit();
  }
  {
    AtomicDirectory abandoned(final_path);
    write_file_atomically(abandoned.path() / "new", "2");
  }
  EXPECT_TRUE(std::filesystem::exists(final_path / "old"));
  AtomicDirectory second(final_path);
  write_file_atomically(second.path() / "new", "2");
  second.commit();
  EXPECT_FALSE(std::filesystem::exists(final_path / "old"));
  EXPECT_TRUE(std::filesystem::exists(final_path / "new"));
  EXPECT_EQ(count_entries(directory.path()), 1);
}

TEST(AtomicDirectory, ThereIsNoMomentWithoutADirectoryOfTheFinalName) {
  TemporaryDirectory directory;
  const auto final_path = directory / "model";
  {
    AtomicDirectory first(final_path);
    first.commit();
  }
  // A child replaces the directory again and again until it is killed; the parent looks all the while.
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) {
      AtomicDirectory next(final_path);
      write_file_atomically(next.path() / "file", "content");
      next.commit();
    }
  }
  int missing = 0;
  for (int i = 0; i < 20'000; ++i) missing += std::filesystem::exists(final_path) ? 0 : 1;
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(missing, 0);
  {
    AtomicDirectory last(final_path);
    last.commit();
  }
  EXPECT_EQ(count_entries(directory.path()), 1);
}

TEST(AtomicDirectory, AFormerDirectoryLeftAsideByAKilledWriterComesBack) {
  TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "model.former");
  { AtomicDirectory abandoned(directory / "model"); }
  EXPECT_TRUE(std::filesystem::exists(directory / "model"));
  EXPECT_EQ(count_entries(directory.path()), 1);
}

TEST(AtomicDirectory, WantsANameOfItsOwn) {
  EXPECT_EQ(error_message([] { AtomicDirectory out("."); }),
            ".: is written as a whole under its own name; give that in the place of .");
  EXPECT_EQ(error_message([] { AtomicDirectory out("there/.."); }),
            "there/..: is written as a whole under its own name; give that in the place of ..");
  EXPECT_FALSE(std::filesystem::exists("there"));
}

TEST(AtomicDirectory, TakesATrailingSlash) {
  TemporaryDirectory directory;
  AtomicDirectory out((directory / "out/").string());
  out.commit();
  EXPECT_TRUE(std::filesystem::is_directory(directory / "out"));
}

TEST(MappedFile, ShowsTheBytesOfTheFile) {
  TemporaryDirectory directory;
  write_file_atomically(directory / "a", "bytes");
  const MappedFile file(directory / "a");
  ASSERT_EQ(file.bytes().size(), 5u);
  EXPECT_EQ(static_cast<char>(file.bytes()[4]), 's');
  write_file_atomically(directory / "empty", "");
  EXPECT_TRUE(MappedFile(directory / "empty").bytes().empty());
}

TEST(ReadFile, NamesThePathAndTheReason) {
  TemporaryDirectory directory;
  EXPECT_EQ(error_message([] { read_file("/nowhere/a"); }),
            "/nowhere/a: can't be read: No such file or directory (errno 2)");
  EXPECT_EQ(error_message([&] { read_file(directory.path()); }),
            directory.path().string() + ": is a directory, expected a file");
  EXPECT_EQ(error_message([&] { MappedFile file(directory.path()); }),
            directory.path().string() + ": is no regular file");
}

}  // namespace
}  // namespace ktlm
