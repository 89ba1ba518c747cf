// What a document looks like to a search for near-duplicates, in a few hundred bytes: MinHash (Broder 1997) over runs
// of word units. Two sketches agree in about the share of places that the documents share of their runs (their Jaccard
// similarity). Bands of several places, taken as one key, make similar documents meet (locality-sensitive hashing).
//
// Two sketches serve two kinds of likeness. Runs of 5 units in 14 bands of 8 places, FineWeb's choice, find copies of
// which some 70 % of the runs are the same. A change of every tenth word leaves fewer: runs of 2 units in 37 bands of 3
// places find such reworked copies, and since so loose a net catches strangers too, the places decide.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ktlm::corpus {

inline constexpr size_t kSketchPlaces = 112;
inline constexpr size_t kCopyBands = 14, kCopyRun = 5;      // runs of 5 word units; 8 places a band
inline constexpr size_t kReworkBands = 37, kReworkRun = 2;  // runs of 2; 3 places a band
inline constexpr size_t kReworkPlaces = 3 * kReworkBands;
/// In a shorter text, a chance match weighs too much: only the very same text counts as its duplicate.
inline constexpr size_t kMinUnits = 30;

using Sketch = std::array<uint64_t, kSketchPlaces>;

/// The sketch of a set of hashes (repeated ones count once). Not of an empty one.
Sketch make_sketch(std::span<const uint64_t> set);

struct Signature {
  std::array<uint64_t, kCopyBands> copy_bands{};
  std::array<uint16_t, kReworkPlaces> rework_places{};
  uint16_t is_present = 0;  // 0: the text is too short for one
};
static_assert(sizeof(Signature) == 336, "a file format");

/// Makes signatures one after the other, reusing its memory.
class SignatureMaker {
 public:
  /// Of a text's words, as hash_words() gives them.
  Signature make(std::span<const uint64_t> word_hashes);

 private:
  std::vector<uint64_t> runs_;
};

/// Of the two texts' runs of 2 units, the share that both have, as the sketches tell it: within 0.1 in 19 of 20 cases.
double rework_similarity(const Signature& a, const Signature& b);

/// The keys under which similar documents meet: kCopyBands for copies, then kReworkBands.
void append_band_keys(const Signature& signature, std::vector<uint64_t>& keys);

}  // namespace ktlm::corpus
