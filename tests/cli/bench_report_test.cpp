#include "bench_report.h"

#include <gtest/gtest.h>

namespace ktlm::cli {
namespace {

TEST(BenchReport, ExplainsAResultAboveItsLimitByWhatTheLimitIs) {
  BenchResult result;
  result.fraction_of_limit = 0.99;
  EXPECT_EQ(words_above_limit(result), "");
  result.fraction_of_limit = 1.2;
  EXPECT_EQ(words_above_limit(result),
            "above the limit: other programs slowed the limit's measurement, which comes last; run it again when they "
            "are done");
  result.engine = "own";
  EXPECT_EQ(words_above_limit(result),
            "above the limit, which is of libtorch's products in bf16: ktlm's own are faster here, or other programs "
            "slowed the limit's measurement, which comes last");
  result.limit_name = "read_bytes_per_second";
  EXPECT_EQ(words_above_limit(result),
            "above the limit, which is of reading memory: weights that stay in caches are read faster, or other "
            "programs slowed the limit's measurement, which comes last");
}

TEST(BenchReport, SaysTheLimitInItsUnit) {
  BenchResult result;
  result.tokens_per_second = 815;
  result.peak_memory_bytes = 1'500'000'000;
  result.limit = 4.1e11;
  result.fraction_of_limit = 0.83;
  result.dtype = "bf16";
  EXPECT_EQ(bench_words("train", result),
            "train bf16: 815.0 tokens/s, 83.0 % of the limit (multiplies 410 GFLOP/s), peak memory 1.5 GB");
}

}  // namespace
}  // namespace ktlm::cli
