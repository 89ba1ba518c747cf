#include "bench_report.h"

#include <cstdio>
#include <string_view>

#include "ktlm/core/text_format.h"

namespace ktlm::cli {

namespace {

bool is_of_reading(const BenchResult& result) { return std::string_view(result.limit_name) == "read_bytes_per_second"; }

}  // namespace

std::string bench_words(const std::string& what, const BenchResult& result) {
  const bool reads = is_of_reading(result);
  char line[256];
  std::snprintf(line, sizeof line, "%s %s: %.1f tokens/s, %.1f %% of the limit (%s %.4g G%s/s), peak memory %s",
                what.c_str(), result.dtype.c_str(), result.tokens_per_second, 100 * result.fraction_of_limit,
                reads ? "reads" : "multiplies", result.limit / 1e9, reads ? "B" : "FLOP",
                format_bytes(result.peak_memory_bytes).c_str());
  return line;
}

std::string words_above_limit(const BenchResult& result) {
  if (result.fraction_of_limit <= 1) return "";
  const std::string busy = "other programs slowed the limit's measurement, which comes last";
  if (is_of_reading(result))
    return "above the limit, which is of reading memory: weights that stay in caches are read faster, or " + busy;
  if (result.engine == "own")
    return "above the limit, which is of libtorch's products in bf16: ktlm's own are faster here, or " + busy;
  return "above the limit: " + busy + "; run it again when they are done";
}

}  // namespace ktlm::cli
