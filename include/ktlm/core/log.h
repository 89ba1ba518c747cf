// spdlog's home. The command-line program logs through it to stderr; libraries do not log, they report through
// callbacks.
#pragma once

#include <string_view>

namespace ktlm {

enum class LogLevel { kQuiet, kNormal };

/// Messages go to stderr as "ktlm <verb>: message"; kQuiet keeps errors only.
void set_up_logging(std::string_view verb, LogLevel level);

void log_info(std::string_view message);
void log_warning(std::string_view message);
void log_error(std::string_view message);

}  // namespace ktlm
