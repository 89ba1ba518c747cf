// The texts of a JSONL file, without the rest of what makes a prepared document.
#pragma once

#include <string>
#include <vector>

namespace ktlm::corpus {

/// The "text" of each line that is not blank, as it stands there. The file may be plain or compressed (.gz, .bz2,
/// .xz, .zst); "-" is standard input. Throws Error naming file and line: unreadable, no JSON object, no "text".
std::vector<std::string> read_jsonl_texts(const std::string& path);

}  // namespace ktlm::corpus
