// report.html: what a person looks at before training on a prepared directory.
#pragma once

#include <string>

#include "ktlm/core/json.h"
#include "ktlm/corpus/prepare.h"
#include "report.h"

namespace ktlm::corpus {

inline constexpr const char* kReportName = "report.html";

/// The whole page. `settings` is an object of names and values; those that change nothing in the result, such as the
/// number of threads, are not among them. The same arguments give the same bytes; of `summary`, the time that it took
/// and where the result stands are not shown.
std::string render_report(const CorpusReport& report, const PrepareSummary& summary, const Json& settings);

}  // namespace ktlm::corpus
