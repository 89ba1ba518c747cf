#include "step_batches.h"

#include <gtest/gtest.h>

#include <numeric>

#include "ktlm/data/batch_loader.h"
#include "ktlm/data/token_writer.h"
#include "ktlm/train/train_step.h"
#include "temporary_directory.h"

namespace ktlm::train {
namespace {

data::TokenDataset counting_dataset(const std::filesystem::path& path) {
  std::vector<tokenizer::TokenId> ids(500);
  std::iota(ids.begin(), ids.end(), 0);
  data::TokenWriter writer(path, {500, "t", "c"});
  writer.add_document(ids, 0);
  writer.commit();
  return data::TokenDataset::open(path);
}

TEST(BatchUploader, GivesTheLoadersBatchesHoweverManyAreLoadedAtOnce) {
  const test::TemporaryDirectory directory;
  const auto dataset = counting_dataset(directory / "counting.tokens");
  constexpr int64_t kAccum = 3;
  const Ranks alone({}, {}, {}, StopFlag());
  data::BatchLoader plain(dataset, 2, 16, 1), loader(dataset, 2, 16, 1);
  for (const int64_t num_ahead : {1, 4, 100}) {
    BatchUploader uploader(alone, loader, kAccum, at::kCPU);
    for (const int64_t step : {5, 6, 7, 8, 9, 10, 2, 3}) {  // a run may begin anywhere
      const auto [batches, shares] = uploader.at(step, num_ahead);
      ASSERT_EQ(batches.size(), kAccum);
      std::vector<data::Batch> expected;
      for (int64_t i = 0; i < kAccum; ++i) expected.push_back(plain.batch(step * kAccum + i));
      for (size_t i = 0; i < expected.size(); ++i) {
        EXPECT_TRUE(at::equal(batches[i].ids, expected[i].ids)) << "step " << step;
        EXPECT_TRUE(at::equal(batches[i].targets, expected[i].targets)) << "step " << step;
        EXPECT_TRUE(batches[i].ids.is_contiguous());
      }
      const auto counts = count_targets(expected);
      const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
      for (size_t i = 0; i < counts.size(); ++i) EXPECT_EQ(shares[i], counts[i] / total);
    }
  }
}

}  // namespace
}  // namespace ktlm::train
