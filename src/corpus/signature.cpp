#include "signature.h"

#include <algorithm>

#include "ktlm/core/random.h"

namespace ktlm::corpus {

namespace {

constexpr uint64_t kOdd = 0x9E3779B97F4A7C15ULL;

void make_runs(std::span<const uint64_t> units, size_t length, std::vector<uint64_t>& runs) {
  runs.clear();
  for (size_t i = 0; i + length <= units.size(); ++i) {
    uint64_t run = 0;
    for (size_t k = 0; k < length; ++k) run = (run + units[i + k]) * kOdd;
    runs.push_back(run);
  }
}

}  // namespace

// Fast similarity sketching (Dahlgaard, Knudsen, Thorup 2017). In each round every element falls into one place with
// one value; a place keeps the least value of the first round that reaches it. A large set fills all places in one
// round, where classical MinHash hashes each element once per place; a small set takes more rounds. From round
// kSketchPlaces on, each fills one certain place, so that the work ends. A text of one word over and over is a long
// list that is a small set: what takes more than a few rounds goes on with each element once.
Sketch make_sketch(std::span<const uint64_t> set) {
  constexpr uint64_t kEmpty = UINT64_MAX;
  constexpr uint64_t kRoundsWithRepeats = 4;
  Sketch sketch;
  sketch.fill(kEmpty);
  size_t num_empty = kSketchPlaces;
  std::vector<uint64_t> distinct;
  for (uint64_t round = 0; num_empty > 0; ++round) {
    if (round == kRoundsWithRepeats) {
      distinct.assign(set.begin(), set.end());
      std::ranges::sort(distinct);
      distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
      set = distinct;
    }
    for (const uint64_t element : set) {
      const uint64_t hash = mix64(element + round * kOdd);
      const size_t place = round < kSketchPlaces ? ((hash >> 32) * kSketchPlaces) >> 32 : round - kSketchPlaces;
      const uint64_t value = (round << 32) | (hash & 0xFFFFFFFF);
      if (sketch[place] == kEmpty) --num_empty;
      sketch[place] = std::min(sketch[place], value);
    }
  }
  return sketch;
}

Signature SignatureMaker::make(std::span<const uint64_t> word_hashes) {
  Signature signature;
  if (word_hashes.size() < kMinUnits) return signature;
  signature.is_present = 1;

  make_runs(word_hashes, kCopyRun, runs_);
  const Sketch copies = make_sketch(runs_);
  for (size_t band = 0; band < kCopyBands; ++band) {
    uint64_t key = band;
    for (size_t k = 0; k < kSketchPlaces / kCopyBands; ++k)
      key = mix64(key * kOdd + copies[band * (kSketchPlaces / kCopyBands) + k]);
    signature.copy_bands[band] = key;
  }
  make_runs(word_hashes, kReworkRun, runs_);
  const Sketch reworks = make_sketch(runs_);
  for (size_t i = 0; i < kReworkPlaces; ++i)
    signature.rework_places[i] = static_cast<uint16_t>(mix64(reworks[i]) >> 48);
  return signature;
}

double rework_similarity(const Signature& a, const Signature& b) {
  size_t equal = 0;
  for (size_t i = 0; i < kReworkPlaces; ++i) equal += a.rework_places[i] == b.rework_places[i] ? 1 : 0;
  return static_cast<double>(equal) / kReworkPlaces;
}

void append_band_keys(const Signature& signature, std::vector<uint64_t>& keys) {
  keys.insert(keys.end(), signature.copy_bands.begin(), signature.copy_bands.end());
  for (size_t band = 0; band < kReworkBands; ++band) {
    uint64_t key = kCopyBands + band;
    for (size_t k = 0; k < 3; ++k) key = (key << 16) | signature.rework_places[3 * band + k];
    keys.push_back(mix64(key));
  }
}

}  // namespace ktlm::corpus
