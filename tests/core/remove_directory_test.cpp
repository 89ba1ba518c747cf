#include "ktlm/core/remove_directory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktlm/core/files.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

namespace fs = std::filesystem;

// The number of a process that has ended.
pid_t dead_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

TEST(RemoveDirectory, LeavesNothingOfItNorOfWhatKilledProcessesWereRemoving) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "step-1" / "model", "weights");
  write_file_atomically(directory / "step-2" / "model", "weights");
  write_file_atomically(directory / ("removed.tmp-" + std::to_string(dead_process())) / "model", "half");
  EXPECT_FALSE(remove_directory(directory / "step-1"));
  EXPECT_TRUE(fs::exists(directory / "step-2" / "model"));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), {}), 1);
}

TEST(RemoveDirectory, SaysWhyItStandsAsItWas) {
  const test::TemporaryDirectory directory;
  EXPECT_EQ(remove_directory(directory / "none"), std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace ktlm
