#include "file_shares.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <queue>
#include <utility>

namespace ktlm::corpus {

namespace {

// Files next to each other that go together, for small ones would else make a batch each.
struct Run {
  size_t first = 0, last = 0;  // files first .. last - 1
  int64_t weight = 0;
};
constexpr int64_t kRunsPerShard = 16;

// An empty file is some work too.
int64_t weight_of(int64_t size_bytes) { return size_bytes + 1; }

// Marks the files that every shard reads; returns the weight of the others.
int64_t split_large_files(const std::vector<int64_t>& sizes, int64_t num_shards, std::vector<int64_t>& shares) {
  int64_t left = 0;
  for (const int64_t size : sizes) left += weight_of(size);
  // What is split no longer counts for the share, which may make others too large for it.
  for (bool found = true; found;) {
    found = false;
    const int64_t fair_share = left / num_shards;
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (shares[i] == kEveryShard || weight_of(sizes[i]) <= fair_share) continue;
      shares[i] = kEveryShard;
      left -= weight_of(sizes[i]);
      found = true;
    }
  }
  return left;
}

std::vector<Run> runs_of(const std::vector<int64_t>& sizes, const std::vector<int64_t>& shares, int64_t max_weight) {
  std::vector<Run> runs;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (shares[i] == kEveryShard) continue;
    const int64_t weight = weight_of(sizes[i]);
    if (runs.empty() || runs.back().last != i || runs.back().weight + weight > max_weight)
      runs.push_back({.first = i, .last = i});
    runs.back().last = i + 1;
    runs.back().weight += weight;
  }
  return runs;
}

}  // namespace

std::vector<int64_t> share_files(const std::vector<int64_t>& sizes, int64_t num_shards) {
  std::vector<int64_t> shares(sizes.size(), 1);
  if (num_shards == 1) return shares;
  const int64_t left = split_large_files(sizes, num_shards, shares);
  std::vector<Run> runs = runs_of(sizes, shares, left / num_shards / kRunsPerShard);
  // The heaviest first, each to the shard that has least: none then has more than 4/3 of what the best division would
  // give it (Graham 1969).
  std::ranges::stable_sort(runs, std::ranges::greater{}, &Run::weight);
  using Load = std::pair<int64_t, int64_t>;  // weight, shard
  std::priority_queue<Load, std::vector<Load>, std::greater<>> loads;
  for (int64_t shard = 1; shard <= num_shards; ++shard) loads.emplace(0, shard);
  for (const Run& run : runs) {
    const auto [weight, shard] = loads.top();
    loads.pop();
    std::fill(shares.begin() + static_cast<std::ptrdiff_t>(run.first),
              shares.begin() + static_cast<std::ptrdiff_t>(run.last), shard);
    loads.emplace(weight + run.weight, shard);
  }
  return shares;
}

}  // namespace ktlm::corpus
