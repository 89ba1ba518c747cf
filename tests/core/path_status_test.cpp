#include "ktlm/core/path_status.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "error_message.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

namespace fs = std::filesystem;

TEST(PathStatus, TellsFilesFoldersAndNothingApart) {
  const test::TemporaryDirectory directory;
  write_file_atomically(directory / "file", "x");
  EXPECT_TRUE(path_exists(directory / "file"));
  EXPECT_FALSE(directory_exists(directory / "file"));
  EXPECT_TRUE(directory_exists(directory.path()));
  EXPECT_FALSE(path_exists(directory / "none"));
  EXPECT_FALSE(directory_exists(directory / "none" / "none"));
  EXPECT_FALSE(path_exists(directory / "file" / "none"));
}

TEST(PathStatus, WhatCannotBeKnownIsOneLine) {
  const test::TemporaryDirectory directory;
  const fs::path circle = directory / "circle";
  fs::create_symlink("circle", circle);  // also for root, whom no permission stops
  const std::string message = circle.string() + ": can't be read: " + system_error_text(ELOOP);
  EXPECT_EQ(test::error_message([&] { path_exists(circle); }), message);
  EXPECT_EQ(test::error_message([&] { directory_exists(circle); }), message);
  EXPECT_EQ(test::error_message([&] { read_file(circle); }), message);
}

TEST(PathStatus, AFolderThatIsClosedIsOneLine) {
  if (::geteuid() == 0) GTEST_SKIP() << "no permission stops root";
  const test::TemporaryDirectory directory;
  fs::create_directory(directory / "closed");
  fs::permissions(directory / "closed", fs::perms::none);
  const fs::path path = directory / "closed" / "file";
  const std::string message = test::error_message([&] { path_exists(path); });
  fs::permissions(directory / "closed", fs::perms::owner_all);
  EXPECT_EQ(message, path.string() + ": can't be read: " + system_error_text(EACCES));
}

}  // namespace
}  // namespace ktlm
