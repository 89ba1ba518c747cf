#include "file_shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "ktlm/core/random.h"

namespace ktlm::corpus {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Le;

std::vector<int64_t> loads_of(const std::vector<int64_t>& sizes, int64_t num_shards) {
  const std::vector<int64_t> shares = share_files(sizes, num_shards);
  std::vector<int64_t> loads(static_cast<size_t>(num_shards));
  for (size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_GE(shares[i], kEveryShard);
    EXPECT_LE(shares[i], num_shards);
    if (shares[i] != kEveryShard) loads[static_cast<size_t>(shares[i] - 1)] += sizes[i];
  }
  return loads;
}

TEST(FileShares, OneShardReadsAll) { EXPECT_THAT(share_files({0, 5, 1'000'000}, 1), ElementsAre(1, 1, 1)); }

TEST(FileShares, AFileLargerThanAFairShareIsForEveryShard) {
  std::vector<int64_t> sizes(400, 1000);
  sizes[7] = 1'000'000'000;
  const std::vector<int64_t> shares = share_files(sizes, 4);
  EXPECT_EQ(std::ranges::count(shares, kEveryShard), 1);
  EXPECT_EQ(shares[7], kEveryShard);
  sizes[7] = 0;
  EXPECT_THAT(loads_of(sizes, 4), Each(testing::AllOf(testing::Ge(93'000), Le(107'000))));
}

TEST(FileShares, AFileThatIsLargeBesideWhatIsLeftIsForEveryShardToo) {
  EXPECT_THAT(share_files({1'000'000, 10'000, 100, 100, 100, 100}, 4),
              ElementsAre(kEveryShard, kEveryShard, 1, 2, 3, 4));
}

TEST(FileShares, FewerFilesThanShardsAreForEveryShard) { EXPECT_THAT(share_files({10, 10}, 3), Each(kEveryShard)); }

TEST(FileShares, LoadsAreAlikeWhateverTheSizes) {
  Random random(7);
  for (const int64_t num_shards : {2, 3, 8, 50}) {
    std::vector<int64_t> sizes(3000);
    for (int64_t& size : sizes) size = int64_t{1} << (random.next() % 16);
    const std::vector<int64_t> loads = loads_of(sizes, num_shards);
    const int64_t fair_share = std::accumulate(loads.begin(), loads.end(), int64_t{0}) / num_shards;
    EXPECT_THAT(loads, Each(Le(fair_share * 11 / 10))) << num_shards;
    EXPECT_EQ(share_files(sizes, num_shards), share_files(sizes, num_shards));
  }
}

TEST(FileShares, SmallFilesStayWithTheirNeighbours) {
  const std::vector<int64_t> shares = share_files(std::vector<int64_t>(10'000, 100), 2);
  int changes = 0;
  for (size_t i = 1; i < shares.size(); ++i) changes += shares[i] != shares[i - 1] ? 1 : 0;
  EXPECT_LT(changes, 40);
}

TEST(FileShares, EmptyFilesAreDealtOutToo) {
  const std::vector<int64_t> shares = share_files(std::vector<int64_t>(100, 0), 2);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(shares, 1)), 50, 3);
}

}  // namespace
}  // namespace ktlm::corpus
