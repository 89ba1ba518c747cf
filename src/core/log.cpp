#include "ktlm/core/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

namespace ktlm {

void set_up_logging(std::string_view verb, LogLevel level) {
  auto logger = std::make_shared<spdlog::logger>("ktlm", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(verb.empty() ? "ktlm: %v" : "ktlm " + std::string(verb) + ": %v");
  logger->set_level(level == LogLevel::kQuiet ? spdlog::level::err : spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void log_info(std::string_view message) { spdlog::info("{}", message); }
void log_warning(std::string_view message) { spdlog::warn("{}", message); }
void log_error(std::string_view message) { spdlog::error("{}", message); }

}  // namespace ktlm
