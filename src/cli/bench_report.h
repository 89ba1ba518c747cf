// What `ktlm bench` measured, in words.
#pragma once

#include <cstdint>
#include <string>

namespace ktlm::cli {

struct BenchResult {
  double tokens_per_second = 0;
  int64_t peak_memory_bytes = 0;
  const char* limit_name = "gemm_flops_per_second";
  double limit = 0;
  double fraction_of_limit = 0;
  std::string dtype, engine = "libtorch";
};

/// The result in one line. `what` is train, prefill or decode.
std::string bench_words(const std::string& what, const BenchResult& result);

/// Why a result may lie above its limit, in one line; "" where it does not.
std::string words_above_limit(const BenchResult& result);

}  // namespace ktlm::cli
