// A root folder with the files in which Linux tells of control groups.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "ktlm/core/files.h"
#include "temporary_directory.h"

namespace ktlm::test {

class ControlGroupsTest : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& content) const {
    make_directories((root_ / file).parent_path());
    write_file_atomically(root_ / file, content);
  }
  TemporaryDirectory root_;
};

}  // namespace ktlm::test
