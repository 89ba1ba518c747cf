// report.html of training runs: curves over steps and over time, samples, configurations; of one run, or of several in
// one picture. Without libtorch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ktlm/core/progress.h"
#include "ktlm/train/run_history.h"

namespace ktlm::train {

inline constexpr const char* kRunReportName = "report.html";

/// The page of one run or more; each has a report. Its size is bounded, whatever the runs' length.
std::string run_report_page(const std::vector<RunHistory>& runs);

/// Reads the runs and writes <out_dir>/report.html; gives its path. Throws ConfigError where a directory is no run,
/// Error where a run has reported nothing yet or the page can't be written.
std::filesystem::path write_run_report(const std::vector<std::filesystem::path>& run_dirs,
                                       const std::filesystem::path& out_dir);

/// For the run itself: writes its page where it has reported something; a failure is a warning (which may be empty).
void try_write_run_report(const std::filesystem::path& run_dir, const WarningCallback& warning);

}  // namespace ktlm::train
