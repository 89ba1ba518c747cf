#include "status_line.h"

#include <gtest/gtest.h>

namespace ktlm::train {
namespace {

TEST(StatusLine, TellsWhereARunStands) {
  EXPECT_EQ(status_line({120, 2000, 725, 3.214, 12345, 6e-4, 3'100'000'000}),
            "step 120/2000  ETA 12m05s  loss 3.214  12.3k tok/s  lr 6.0e-04  3.1 GB");
  EXPECT_EQ(status_line({1, 2000, 725, 0, 0, 6e-4, 3'100'000'000}), "step 1/2000  ETA 12m05s  3.1 GB")
      << "before the first report";
}

TEST(StatusLine, OfTheLongestRunShowsTimeLossAndSpeedIn80Columns) {
  const std::string before = "training  100 %  ";  // as Console draws it
  const std::string line = before + status_line({1'000'000, 1'000'000, 999 * 86400 + 23 * 3600, 1e30, 99.9e6, 6e-4, 1});
  EXPECT_EQ(line.substr(0, 79), "training  100 %  step 1000000/1000000  ETA 999d23h  loss 1.0e+30  99.9M tok/s  ");
}

}  // namespace
}  // namespace ktlm::train
