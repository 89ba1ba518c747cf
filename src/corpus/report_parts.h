// What report.html tells of one input, and of all together: the counts of prepare beside what the report collected.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ktlm/corpus/prepare.h"
#include "report.h"

namespace ktlm::corpus {

// One input, several that share a place in the report, or all of them.
struct ReportPart {
  std::string name;
  int64_t files = 0, damaged_files = 0;
  DocumentCounts counts;
  std::array<int64_t, kNumDropReasons + 1> text_bytes{};  // by reason, as measured before anything was cut
  std::array<LengthHistogram, 2> lengths;                 // of kept documents, of dropped ones
  int64_t bytes_cut = 0;
  ShareHistogram hangul_shares{};
  std::vector<size_t> places;

  int64_t documents(DropReason reason) const {
    return reason == DropReason::kNone ? counts.kept : counts.dropped[static_cast<size_t>(reason)];
  }
};

/// One for each place in the report, in order.
std::vector<ReportPart> parts_by_place(const CorpusReport& report, const PrepareSummary& summary);
ReportPart all_of(const CorpusReport& report, const PrepareSummary& summary);

}  // namespace ktlm::corpus
