// The funnel of prepare as a picture: what goes in at the left gets narrower from stage to stage, and what is dropped
// leaves downwards.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ktlm/core/html_page.h"

namespace ktlm::corpus {

struct FlowStage {
  std::string name;    // "extracted"
  int64_t amount = 0;  // what is left here; at most what the stage before has
  std::string value;   // the amount in words, with its unit
  // What was lost on the way here, a line each: the first says how much, the others what.
  std::vector<std::string> losses;
};

Html flow_picture(std::string_view title, const std::vector<FlowStage>& stages);

}  // namespace ktlm::corpus
