// Our normaliser, spelled in the pieces that Hugging Face's tokenizers library has: replacements, then NFC.
#pragma once

#include "ktlm/core/json.h"

namespace ktlm::tokenizer {

/// The "normalizer" of tokenizer.json: text::normalize(), then " " to "▁". The rules are read off text::normalize() by
/// asking it about each code point, so that they cannot drift apart.
Json hf_normalizer();

}  // namespace ktlm::tokenizer
