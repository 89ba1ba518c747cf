// The samples of a run's page: what the model made of each prompt as it learnt.
#pragma once

#include <string>
#include <vector>

#include "ktlm/core/html_page.h"
#include "ktlm/train/run_history.h"

namespace ktlm::train {

/// By prompt: of one run some texts from its first validation to its last, of several the last one of each. Empty where
/// there are none.
Html run_samples(const std::vector<RunHistory>& runs, const std::vector<std::string>& names);

}  // namespace ktlm::train
