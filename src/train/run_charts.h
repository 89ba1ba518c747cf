// The curves of a run's page, each over steps and over time.
#pragma once

#include <string>
#include <vector>

#include "ktlm/core/html_page.h"
#include "ktlm/train/run_history.h"

namespace ktlm::train {

/// Of one run, or of several that share each chart, a colour a run. `names` as many as runs.
Html run_charts(const std::vector<RunHistory>& runs, const std::vector<std::string>& names);

}  // namespace ktlm::train
