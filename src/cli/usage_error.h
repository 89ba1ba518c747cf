// What a person reads where a command line can't be parsed: one line with the option or word, what was expected, and
// the next step. CLI11's own words name neither the nearest valid name nor where to read on.
#pragma once

#include <span>
#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace ktlm::cli {

/// `app` is the whole program's, and threw `error` while it parsed `words`, the command line behind the program's name.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error, std::span<const char* const> words);

}  // namespace ktlm::cli
