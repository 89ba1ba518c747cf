// A JSON object as a document: its text, or its dialogue, and what else it says of itself.
#pragma once

#include "extract.h"

namespace ktlm::corpus {

/// Fills `out.document`, whose id and source stay where the object has none. Drops it, with a message, where it is no
/// JSON object or has no text.
void extract_json(const RawDocument& raw, const PrepareConfig& config, const FieldPath& text_field,
                  ExtractedDocument& out);

}  // namespace ktlm::corpus
