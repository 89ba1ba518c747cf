// Lines of JSON and the texts they hold, without the rest of what makes a prepared document.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ktlm/core/json.h"
#include "ktlm/core/progress.h"

namespace ktlm::corpus {

/// Takes a line and where it stands, "file.jsonl:12"; false: no more.
using TakeJsonLine = std::function<bool(const Json& line, const std::string& where)>;

/// Calls `take` with each line of a file that is not blank, in order. The file may be plain or compressed (.gz, .bz2,
/// .xz, .zst); "-" is standard input. `warn`, which may be null, is told of a file that is not in UTF-8, but CP949 or
/// UTF-16; lines are given in UTF-8. Throws Error naming file and line: unreadable, no JSON. Such an error, and one
/// that `take` throws, ends in `expected`, "; expected lines of JSON with ...".
void read_json_lines(const std::string& path, const std::string& expected, const WarningCallback& warn,
                     const TakeJsonLine& take);

/// The "text" of each line, as it stands there. Throws Error as above, also where a line has none.
std::vector<std::string> read_jsonl_texts(const std::string& path);

}  // namespace ktlm::corpus
