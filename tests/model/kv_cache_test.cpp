#include "ktlm/model/kv_cache.h"

#include <gtest/gtest.h>

#include "error_message.h"
#include "model/example_model.h"

namespace ktlm::model {
namespace {

using test::error_message;
using test::small_config;

TEST(KvCache, GivesBackWhatWasAppended) {
  KvCache cache(small_config(), 2, 10, at::kCPU, at::kFloat);
  const auto k = at::randn({2, 2, 3, 4}), v = at::randn({2, 2, 3, 4}), more = at::randn({2, 2, 1, 4});
  cache.append(1, k, v);
  cache.advance(3);
  const auto [keys, values] = cache.append(1, more, more);
  EXPECT_TRUE(at::equal(keys, at::cat({k, more}, 2)));
  EXPECT_TRUE(at::equal(values, at::cat({v, more}, 2)));
}

TEST(KvCache, RefusesMoreThanItsRoom) {
  KvCache cache(small_config(), 1, 10, at::kCPU, at::kFloat);
  cache.advance(9);
  const auto k = at::randn({1, 2, 2, 4});
  EXPECT_EQ(error_message([&] { cache.append(0, k, k); }), "KV cache: full, 9 tokens held and 2 more, but room for 10");
}

TEST(KvCache, RefusesMoreThanTheModelsContext) {
  EXPECT_EQ(error_message([] { KvCache(small_config(), 1, 65, at::kCPU, at::kFloat); }),
            "KV cache: 65 tokens asked for, but the model's context ends at 64 (max_seq_len)");
}

TEST(KvCache, PaddingBelongsToEveryRow) {
  KvCache cache(small_config(), 2, 10, at::kCPU, at::kFloat);
  EXPECT_EQ(error_message([&] { cache.set_padding({1}); }), "KV cache: padding for 1 rows, but the batch has 2");
  cache.set_padding({0, 0});
  EXPECT_FALSE(cache.padding().defined());  // nothing to mask
}

TEST(KvCache, TakesOverWhatAnotherHolds) {
  KvCache cache(small_config(), 2, 10, at::kCPU, at::kFloat), other(small_config(), 2, 12, at::kCPU, at::kBFloat16);
  const int64_t n_layers = small_config().n_layers;
  const auto k = at::randn({2, 2, 6, 4}).to(at::kBFloat16), v = at::randn({2, 2, 6, 4}).to(at::kBFloat16);
  for (int64_t layer = 0; layer < n_layers; ++layer) other.append(layer, k + layer, v - layer);
  other.advance(6);
  other.set_padding({0, 3});
  cache.take_from(other, 0);
  EXPECT_EQ(cache.length(), 6);
  EXPECT_TRUE(at::equal(cache.padding(), other.padding()));
  other.truncate(4);
  other.append(1, k.narrow(2, 0, 1), v.narrow(2, 0, 1));
  other.advance(1);
  cache.take_from(other, 4);  // what is before stays
  EXPECT_EQ(cache.length(), 5);
  const auto more = at::zeros({2, 2, 1, 4});
  const auto [keys, values] = cache.append(1, more, more);
  const auto expected_k = at::cat({(k + 1).narrow(2, 0, 4), k.narrow(2, 0, 1)}, 2).to(at::kFloat);
  const auto expected_v = at::cat({(v - 1).narrow(2, 0, 4), v.narrow(2, 0, 1)}, 2).to(at::kFloat);
  EXPECT_TRUE(at::equal(keys, at::cat({expected_k, more}, 2)));
  EXPECT_TRUE(at::equal(values, at::cat({expected_v, more}, 2)));
}

TEST(KvCache, TruncateNeverLengthens) {
  KvCache cache(small_config(), 1, 10, at::kCPU, at::kFloat);
  cache.advance(4);
  cache.truncate(7);
  EXPECT_EQ(cache.length(), 4);
  cache.truncate(2);
  EXPECT_EQ(cache.length(), 2);
}

}  // namespace
}  // namespace ktlm::model
