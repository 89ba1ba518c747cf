#include "status_line.h"

#include <cstdio>

#include "ktlm/core/text_format.h"

namespace ktlm::train {

std::string status_line(const RunStatus& status) {
  std::string line = "step " + std::to_string(status.step) + "/" + std::to_string(status.max_steps) + "  ETA " +
                     format_seconds(status.seconds_left);
  if (status.loss > 0) {
    char loss[32], rate[32];
    std::snprintf(loss, sizeof loss, status.loss < 1000 ? "%.3f" : "%.1e", status.loss);
    std::snprintf(rate, sizeof rate, "%.1e", status.learning_rate);
    line += std::string("  loss ") + loss + "  " + format_count(status.tokens_per_second) + " tok/s  lr " + rate;
  }
  return line + "  " + format_bytes(status.memory_bytes);
}

}  // namespace ktlm::train
