// Who of several machines reads which file, so that each has about as much to do.
#pragma once

#include <cstdint>
#include <vector>

namespace ktlm::corpus {

/// Every shard reads the file, and takes its share of the batches.
inline constexpr int64_t kEveryShard = 0;

/// For each file the number of the shard that reads it, from 1 to `num_shards`, or kEveryShard: of files that are
/// larger than a shard's fair share of what is dealt out whole. `sizes` in bytes, compressed ones as they are. The same
/// for the same sizes, wherever it is asked.
std::vector<int64_t> share_files(const std::vector<int64_t>& sizes, int64_t num_shards);

}  // namespace ktlm::corpus
