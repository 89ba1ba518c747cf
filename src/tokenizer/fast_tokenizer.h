// tokenizer.json, the file of Hugging Face's tokenizers library, as a SentencePiece model: transformers 5 saves a Llama
// tokenizer in that file alone. Only what SentencePiece does in exactly the same way is taken.
#pragma once

#include <filesystem>
#include <string>

namespace ktlm::tokenizer {

struct FastTokenizer {
  std::string sentencepiece;  // a model file's content
  bool begins_with_bos = true;
  bool prefixes_each_part = false;    // else a space goes in front of a whole text alone
  bool spares_leading_space = false;  // none goes in front of a text that begins with a space
};

/// Throws Error: not JSON, another kind of tokenizer than SentencePiece's BPE with byte fallback, or merges that
/// SentencePiece would not do, or not in that order.
FastTokenizer read_fast_tokenizer(const std::filesystem::path& path);

}  // namespace ktlm::tokenizer
