// The second pass of prepare: of the documents of one part or several, finds what is there more than once and writes
// the rest as a prepared directory.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "ktlm/corpus/prepare.h"
#include "report.h"

namespace ktlm::corpus {

/// Completes `summary`, which holds the counts of the first pass by input, and `report`, and writes summary.out_dir.
/// `check` may throw to end the work; nothing is left then but what was there. Throws StartAgainError where no document
/// is left, Error where the disk fails.
void run_second_pass(const std::vector<std::filesystem::path>& parts, const PrepareConfig& config, CorpusReport report,
                     PrepareSummary& summary, const ProgressCallback& progress, const std::function<void()>& check);

}  // namespace ktlm::corpus
