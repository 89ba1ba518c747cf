// Learns a BPE vocabulary (Sennrich et al. 2016) from counted segments: the most frequent pair of neighbours becomes a
// new piece, until the vocabulary is full. Pair counts are kept up to date from merge to merge, so that the work is
// proportional to what changes. The result depends on the counts alone: the same on every platform.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "segment_counts.h"

namespace ktlm::tokenizer {

struct BpeVocabulary {
  std::vector<std::string> merged;      // in the order of the merges, each at least two characters long
  std::vector<std::string> characters;  // the most frequent first
  bool exhausted = false;               // no pair was left that occurs twice, before `size` was reached
};

/// Characters are taken from the most frequent on until they cover `character_coverage` of the text (the others become
/// byte tokens); then merges until merged + characters number `size`. Where the characters alone are more than `size`,
/// there are no merges. `keep_going(merges so far)` is asked now and then and ends training by false.
BpeVocabulary train_bpe(const std::vector<SegmentCounts::Segment>& segments, int64_t size, double character_coverage,
                        const std::function<bool(int64_t)>& keep_going);

}  // namespace ktlm::tokenizer
