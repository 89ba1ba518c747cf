#include "report_parts.h"

#include <algorithm>

namespace ktlm::corpus {

namespace {

void add_lengths(LengthHistogram& sum, const LengthHistogram& lengths) {
  for (size_t bin = 0; bin < LengthHistogram::kNumBins; ++bin) sum.add_bin(bin, lengths.count(bin));
}

void add_place(ReportPart& part, const CorpusReport& report, size_t place) {
  part.places.push_back(place);
  part.bytes_cut += report.bytes_cut(place);
  for (size_t step = 0; step < part.hangul_shares.size(); ++step)
    part.hangul_shares[step] += report.hangul_shares(place)[step];
  for (size_t reason = 0; reason <= kNumDropReasons; ++reason) {
    const ReasonReport& seen = report.at(place, static_cast<DropReason>(reason));
    part.text_bytes[reason] += seen.text_bytes;
    add_lengths(part.lengths[reason == static_cast<size_t>(DropReason::kNone) ? 0 : 1], seen.lengths);
  }
}

}  // namespace

std::vector<ReportPart> parts_by_place(const CorpusReport& report, const PrepareSummary& summary) {
  std::vector<ReportPart> parts(report.num_places());
  for (size_t place = 0; place < parts.size(); ++place) add_place(parts[place], report, place);
  for (size_t i = 0; i < summary.inputs.size(); ++i) {
    ReportPart& part = parts[report.place_of(i)];
    part.files += summary.inputs[i].files;
    part.damaged_files += summary.inputs[i].damaged_files;
    part.counts += summary.inputs[i].counts;
    part.name = summary.inputs[i].name;
  }
  const size_t num_shared = summary.inputs.size() - std::min(summary.inputs.size(), parts.size() - 1);
  if (num_shared > 1) parts.back().name = std::to_string(num_shared) + " more inputs";
  return parts;
}

ReportPart all_of(const CorpusReport& report, const PrepareSummary& summary) {
  ReportPart all{.name = "all", .counts = summary.total};
  for (size_t place = 0; place < report.num_places(); ++place) add_place(all, report, place);
  for (const InputSummary& input : summary.inputs) all.files += input.files;
  return all;
}

}  // namespace ktlm::corpus
