// tokenizer.json, the file of Hugging Face's tokenizers library, as a SentencePiece model: transformers 5 saves a Llama
// tokenizer in that file alone. Only what SentencePiece does in exactly the same way is taken.
#pragma once

#include <filesystem>
#include <string>

#include "foreign_settings.h"

namespace ktlm::tokenizer {

/// A SentencePiece model file's content. What the file says of spaces and of a text's beginning goes into `settings`,
/// where tokenizer_config.json may have said so already. Throws Error: not JSON, another kind of tokenizer than
/// SentencePiece's BPE with byte fallback, or merges that SentencePiece would not do, or not in that order.
std::string read_fast_tokenizer(const std::filesystem::path& path, ForeignSettings& settings);

}  // namespace ktlm::tokenizer
