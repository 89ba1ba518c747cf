// Korean word units: what n-grams of words are counted over, in the quality filters and in near deduplication.
#pragma once

#include <string_view>
#include <vector>

namespace ktlm::text {

/// Appends the word units of `text`, as views into it. White space divides and is dropped; a punctuation mark or symbol
/// is a unit of its own, however often repeated (..., !!), and so is a number before Hangul (2020|년, 3.5|톤). A common
/// particle or ending is cut off where something stays before it (서울|에서|는, 공부|하는). This stands for the
/// morphemes of an analyser such as Kiwi, which FineWeb-2 counts over: nouns that end like a particle are cut as well
/// (사|과), always alike. Any bytes are taken.
void split_word_units(std::string_view text, std::vector<std::string_view>& units);

}  // namespace ktlm::text
