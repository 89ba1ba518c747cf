// A JSON object as a document: its text, or its dialogue, and what else it says of itself.
#pragma once

#include <string>
#include <vector>

#include "extract.h"

namespace ktlm::corpus {

/// Fills `out.document`, whose id and source stay where the object has none. Drops it, with a message, where it is no
/// JSON object or has no text.
void extract_json(const RawDocument& raw, const std::vector<FieldPath>& text_fields, ExtractedDocument& out);

/// The ways to a text in an object, each as keys from the top, of which the first that is there counts.
std::vector<std::vector<std::string>> text_ways(const std::vector<FieldPath>& text_fields);
/// The same for a message: "\"text\", \"content\", ... or \"instruction\"".
std::string text_names(const std::vector<FieldPath>& text_fields);
/// What else is read of an object.
std::vector<std::string> keys_beside_text(const std::vector<FieldPath>& text_fields);

}  // namespace ktlm::corpus
