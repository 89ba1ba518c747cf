// What report.html shows beyond the counts: how long documents are and what they look like, by input and by reason. The
// first pass add()s every document; what the second pass finds about one that was kept comes through change_kept().
// Shards save their reports as JSON; merged, they are the report of one run. Everything depends on the documents
// alone, not on the number of threads, of shards, or on their order. Memory is bounded: a few megabytes at most.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/core/json.h"
#include "ktlm/corpus/prepare.h"

namespace ktlm::corpus {

struct TextSize {
  int64_t bytes = 0, chars = 0;  // UTF-8, code points
};
TextSize size_of(std::string_view text);

/// Counts of texts by their length in characters: a bin for those below 10, then ten for each power of ten; the last
/// holds all of ten million or more.
class LengthHistogram {
 public:
  static constexpr size_t kBinsPerDecade = 10;
  static constexpr size_t kNumBins = 6 * kBinsPerDecade + 2;

  static size_t bin_of(int64_t chars);
  /// The least length in the bin.
  static int64_t first_of(size_t bin);

  void add(int64_t chars, int64_t count = 1) { counts_[bin_of(chars)] += count; }
  void add_bin(size_t bin, int64_t count) { counts_[bin] += count; }
  int64_t count(size_t bin) const { return counts_[bin]; }
  int64_t total() const;

 private:
  std::array<int64_t, kNumBins> counts_{};
};

/// Counts of documents by the share of Hangul among their letters, in steps of a twentieth; the last holds all of 0.95
/// and more.
using ShareHistogram = std::array<int64_t, 20>;

struct Example {
  std::string title, excerpt;  // excerpt: the text's beginning, Example::kExcerptChars at most
  int64_t chars = 0;           // of the whole text
  int64_t copies = 1;          // documents that begin alike under the same title

  static constexpr size_t kExcerptChars = 200;
};

/// The documents of one input that were kept, or dropped for one reason.
struct ReasonReport {
  int64_t text_bytes = 0;
  LengthHistogram lengths;
  std::map<uint64_t, Example> examples;  // by hash of title and excerpt, the lowest ones
};

class CorpusReport {
 public:
  /// Inputs beyond the first kMaxInputs - 1 share the last place.
  static constexpr size_t kMaxInputs = 24;
  static constexpr size_t kNumExamples = 5;  // shown; more kept ones wait, as the second pass takes some away

  explicit CorpusReport(size_t num_inputs);

  /// `text`: of a document without one (stage_of(reason) is kExtract), the beginning of what was read, to be shown.
  void add(size_t input, DropReason reason, std::string_view title, std::string_view text);

  /// The share of Hangul among the letters of a document that the filters looked at; below 0: they did not.
  void add_hangul_share(size_t input, double share);

  /// A document that was add()ed as kept is dropped for `reason`, or, with kNone, goes on with `after` as its size.
  /// `beginning` is the former text's, of 4 * Example::kExcerptChars bytes or more where it was as long.
  void change_kept(size_t input, DropReason reason, std::string_view title, std::string_view beginning, TextSize before,
                   TextSize after);

  /// Adds what another shard has seen of the same inputs.
  void merge(const CorpusReport& other);

  Json to_json() const;
  /// Throws Error "<where>: ..." for what to_json() did not write.
  static CorpusReport from_json(const Json& json, const std::string& where);

  /// min(number of inputs, kMaxInputs).
  size_t num_places() const { return places_.size(); }
  size_t place_of(size_t input) const { return std::min(input, places_.size() - 1); }
  const ReasonReport& at(size_t place, DropReason reason) const {
    return places_[place].by_reason[static_cast<size_t>(reason)];
  }
  /// Of kept documents, by what the second pass took out of them.
  int64_t bytes_cut(size_t place) const { return places_[place].bytes_cut; }
  const ShareHistogram& hangul_shares(size_t place) const { return places_[place].hangul_shares; }

 private:
  struct Place {
    std::array<ReasonReport, kNumDropReasons + 1> by_reason;  // the last is kNone, kept
    int64_t bytes_cut = 0;
    ShareHistogram hangul_shares{};
  };
  std::vector<Place> places_;
};

}  // namespace ktlm::corpus
