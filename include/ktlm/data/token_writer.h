// Writes the file that TokenDataset reads, a document at a time in constant memory (8 bytes per document).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::data {

struct TokenOrigin {
  int64_t vocab_size = 0;      // up to 65,536 pieces an id takes two bytes, else four
  std::string tokenizer_hash;  // at most 63 characters, as corpus_hash
  std::string corpus_hash;
};

class TokenWriter {
 public:
  /// Throws Error where the file can't be written.
  TokenWriter(const std::filesystem::path& path, const TokenOrigin& origin);
  ~TokenWriter();

  /// All ids of the document, BOS and EOS among them; `text_bytes` is what they stand for. Throws Error: an id outside
  /// the vocabulary, disk full.
  void add_document(std::span<const tokenizer::TokenId> ids, int64_t text_bytes);
  /// Gives the file its name. Without it nothing stays. Throws Error.
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktlm::data
