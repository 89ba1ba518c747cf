// The way to a text within a JSON object, as --text-field has it: "data.body.content" goes into objects, and into each
// element of an array on the way; "document[].paragraph.form" says besides that each element of document is a document
// of its own. Several ways, "text,document.body", are tried in their order.
#pragma once

#include <string>
#include <vector>

#include "ktlm/core/json.h"

namespace ktlm::corpus {

struct FieldPath {
  std::string name;                   // as written: a key may have a dot of its own
  std::vector<std::string> document;  // from a file's top to what is one document each; empty: the top is
  std::vector<std::string> field;     // from there to the text; empty: it is the text itself
};

/// Throws ConfigError where a key is empty, or has brackets other than [] at its end. An empty `text` gives an empty
/// path.
FieldPath parse_field_path(const std::string& text);

/// The paths of --text-field, between commas; none for an empty `text`. Throws ConfigError likewise, and for an empty
/// path.
std::vector<FieldPath> parse_field_paths(const std::string& text);

/// The strings that `keys` lead to, joined by line ends; of other values nothing. Whether there was any in `found`.
std::string find_strings(const Json& value, const std::vector<std::string>& keys, bool& found);

}  // namespace ktlm::corpus
