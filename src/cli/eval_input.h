// The lines that ktlm eval measures as texts, and the groups that they are told of in.
#pragma once

#include <string>
#include <vector>

#include "eval_verb.h"
#include "ktlm/core/progress.h"
#include "ktlm/corpus/document.h"

namespace ktlm::cli {

using Dialogue = std::vector<corpus::ChatMessage>;

struct Group {
  std::string name;
  std::vector<size_t> documents;  // numbers
};

// The documents by a key of their lines, such as their source.
struct Grouping {
  std::string key;
  std::vector<Group> groups;  // in the order of their names
};

struct Texts {
  std::vector<std::string> texts;
  std::vector<Dialogue> dialogues;  // with --answers, instead
  std::vector<Group> files;
  std::vector<Grouping> groupings;
  Group total{"total", {}};
};

/// Of the files, or of the prepared directory's validation part where none is named. Throws ConfigError where that is
/// not there, and Error naming file and line.
Texts read_texts(const EvalArguments& arguments, const WarningCallback& warn);

}  // namespace ktlm::cli
