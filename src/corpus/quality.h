// Whether a text is worth training on, judged on its own: the language and FineWeb-2's filters for Korean.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ktlm/corpus/prepare.h"

namespace ktlm::corpus {

/// What the filters have found out on their way.
struct TextMeasures {
  std::vector<uint64_t> word_hashes;  // hash_words() of the text; empty where it was not judged whole
  double hangul_share = -1;           // of its letters; -1: not measured
};

/// The first filter that `text`, normalised, fails, or kNone. The switch config.quality is the caller's to look at.
/// Texts of fewer than 50 word units are judged by their language alone, for shares of so few tell nothing; texts of
/// more than 4 MB by their first 4 MB.
DropReason judge_quality(std::string_view text, const QualityConfig& config, TextMeasures* measures = nullptr);

}  // namespace ktlm::corpus
