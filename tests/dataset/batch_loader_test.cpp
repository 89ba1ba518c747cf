#include "ktlm/data/batch_loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "error_message.h"
#include "ktlm/data/token_writer.h"
#include "temporary_directory.h"

namespace ktlm::data {
namespace {

using tokenizer::TokenId;

// A dataset whose token at position i is i, so that a batch tells where each of its tokens came from.
class BatchLoaderTest : public testing::Test {
 protected:
  TokenDataset counting_dataset(int64_t num_tokens) {
    std::vector<TokenId> ids(static_cast<size_t>(num_tokens));
    std::iota(ids.begin(), ids.end(), 0);
    TokenWriter writer(directory_ / "counting.tokens", {std::max<int64_t>(num_tokens, 1), "t", "c"});
    writer.add_document(ids, 0);
    writer.commit();
    return TokenDataset::open(directory_ / "counting.tokens");
  }

  test::TemporaryDirectory directory_;
};

using Rows = std::vector<std::vector<int64_t>>;

Rows rows_of(const at::Tensor& tensor) {
  Rows rows;
  for (int64_t b = 0; b < tensor.size(0); ++b) {
    const int64_t* row = tensor.const_data_ptr<int64_t>() + b * tensor.size(1);
    rows.emplace_back(row, row + tensor.size(1));
  }
  return rows;
}

// The rows of the whole run, in order, target rows behind id rows.
std::vector<std::pair<std::vector<int64_t>, std::vector<int64_t>>> first_rows(BatchLoader& loader,
                                                                              int64_t num_batches) {
  std::vector<std::pair<std::vector<int64_t>, std::vector<int64_t>>> all;
  for (int64_t i = 0; i < num_batches; ++i) {
    const Batch batch = loader.batch(i);
    const Rows ids = rows_of(batch.ids), targets = rows_of(batch.targets);
    for (size_t row = 0; row < ids.size(); ++row) all.emplace_back(ids[row], targets[row]);
  }
  return all;
}

TEST_F(BatchLoaderTest, EachTargetIsTheTokenBehindItsInput) {
  const int64_t num_tokens = 103;
  const auto dataset = counting_dataset(num_tokens);
  BatchLoader loader(dataset, 3, 8, 1);
  for (const auto& [ids, targets] : first_rows(loader, 20))
    for (size_t t = 0; t < ids.size(); ++t) {
      EXPECT_TRUE(targets[t] == -1 || targets[t] == (ids[t] + 1) % num_tokens) << targets[t] << " behind " << ids[t];
      EXPECT_TRUE(t == 0 || ids[t] == (ids[t - 1] + 1) % num_tokens) << ids[t] << " behind " << ids[t - 1];
    }
}

TEST_F(BatchLoaderTest, AnEpochCoversEveryTargetExactlyOnce) {
  for (const int64_t num_tokens : {103, 104, 8, 9, 7, 1}) {  // odd, exact, one window, just above, below, one token
    const auto dataset = counting_dataset(num_tokens);
    BatchLoader loader(dataset, 3, 8, 42);
    const int64_t windows = loader.num_windows();
    EXPECT_EQ(windows, (num_tokens + 7) / 8);
    const auto rows = first_rows(loader, 4 * windows);  // batches of 3 rows: 12 epochs, most starting within a batch
    ASSERT_EQ(rows.size(), static_cast<size_t>(12 * windows));
    for (int64_t epoch = 0; epoch < 12; ++epoch) {
      std::map<int64_t, int> times_seen;
      for (int64_t w = 0; w < windows; ++w)
        for (const int64_t target : rows[static_cast<size_t>(epoch * windows + w)].second)
          if (target >= 0) ++times_seen[target];
      EXPECT_EQ(times_seen.size(), static_cast<size_t>(num_tokens)) << "epoch " << epoch;
      for (const auto& [target, times] : times_seen) EXPECT_EQ(times, 1) << "target " << target;
    }
  }
}

TEST_F(BatchLoaderTest, ABatchIsAPureFunctionOfItsNumber) {
  const auto dataset = counting_dataset(103);
  BatchLoader in_order(dataset, 4, 8, 7), anew(dataset, 4, 8, 7);
  std::vector<Batch> batches;
  for (int64_t i = 0; i < 12; ++i) batches.push_back(in_order.batch(i));
  for (int64_t i = 11; i >= 0; --i) {
    EXPECT_TRUE(at::equal(anew.batch(i).ids, batches[static_cast<size_t>(i)].ids)) << i;
    EXPECT_TRUE(at::equal(anew.batch(i).targets, batches[static_cast<size_t>(i)].targets)) << i;
  }
}

TEST_F(BatchLoaderTest, EpochsAndSeedsDifferInOrderAndCut) {
  const auto dataset = counting_dataset(800);
  BatchLoader loader(dataset, 100, 8, 7), other_seed(dataset, 100, 8, 8);
  ASSERT_EQ(loader.num_windows(), 100);
  const auto starts = [](const Batch& batch) { return batch.ids.select(1, 0).contiguous(); };
  const at::Tensor first = starts(loader.batch(0)), second = starts(loader.batch(1)),
                   other = starts(other_seed.batch(0));
  EXPECT_FALSE(at::equal(first, second));
  EXPECT_FALSE(at::equal(first, other));
  EXPECT_FALSE(at::equal(std::get<0>(first.sort()), first)) << "the windows are not shuffled";
  EXPECT_NE(first[0].item<int64_t>() % 8, second[0].item<int64_t>() % 8) << "the cut did not move";
}

TEST_F(BatchLoaderTest, RanksShareTheBatchesOfOneRun) {
  const auto dataset = counting_dataset(103);
  BatchLoader alone(dataset, 6, 8, 7), rank0(dataset, 2, 8, 7, 0, 3), rank1(dataset, 2, 8, 7, 1, 3),
      rank2(dataset, 2, 8, 7, 2, 3);
  for (int64_t i = 0; i < 8; ++i) {
    const auto together = at::cat({rank0.batch(i).ids, rank1.batch(i).ids, rank2.batch(i).ids});
    EXPECT_TRUE(at::equal(together, alone.batch(i).ids)) << i;
  }
  EXPECT_DOUBLE_EQ(rank1.epoch_at(13), alone.epoch_at(13));
}

TEST_F(BatchLoaderTest, CountsEpochs) {
  const auto dataset = counting_dataset(80);
  BatchLoader loader(dataset, 4, 8, 7);
  EXPECT_DOUBLE_EQ(loader.epoch_at(0), 0);
  EXPECT_DOUBLE_EQ(loader.epoch_at(5), 2);
  EXPECT_DOUBLE_EQ(loader.epoch_at(6), 2.4);
}

TEST_F(BatchLoaderTest, RefusesAnEmptyDataset) {
  const auto dataset = counting_dataset(0);
  EXPECT_EQ(test::error_message([&] { BatchLoader(dataset, 1, 8, 7); }),
            "token dataset: holds no token to train on; run ktlm prepare on more text");
}

}  // namespace
}  // namespace ktlm::data
