// Token shards: one memory-mapped file of token ids per split, with the offset of each document (docs/formats.md).
//
//   header   magic, version, bytes per id (2 or 4), counts, hashes of tokenizer and corpus, checksums
//   ids      every document as <s> ids </s> (a dialogue as ChatML, then </s>), one after the other
//   offsets  uint64 per document: where it starts, in tokens
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "ktlm/core/progress.h"
#include "ktlm/core/stop_flag.h"
#include "ktlm/corpus/prepared_corpus.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::data {

class TokenDataset {
 public:
  /// Reads the whole file once for its checksum. Throws Error: missing, truncated, damaged, another magic or version.
  static TokenDataset open(const std::filesystem::path& path);
  TokenDataset(TokenDataset&&) noexcept;
  TokenDataset& operator=(TokenDataset&&) noexcept;
  ~TokenDataset();

  int64_t num_tokens() const;
  int64_t num_documents() const;
  /// Bytes of text that the tokens stand for, as Tokenizer::token_bytes counts them.
  int64_t text_bytes() const;
  const std::string& tokenizer_hash() const;
  const std::string& corpus_hash() const;
  /// Copies `out.size()` ids from position `begin` on, going on at the start behind the last one (a ring). Of an empty
  /// dataset nothing can be copied.
  void copy(int64_t begin, std::span<int64_t> out) const;
  std::span<const uint64_t> document_offsets() const;

 private:
  struct Impl;
  explicit TokenDataset(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct TokenDatasets {
  TokenDataset train, val;  // val may be empty
};

/// Opens `<prepared>/tokens/<tokenizer hash>/{train,val}.tokens`, building them where they are missing, damaged or of
/// another corpus, with `num_threads` (0: one per usable core). Throws Error: no document to train on, disk full,
/// stopped (nothing half-built stays).
TokenDatasets open_or_build_token_datasets(const corpus::PreparedCorpus& corpus, const tokenizer::Tokenizer& tokenizer,
                                           int64_t num_threads, const ProgressCallback& progress, const StopFlag& stop);

/// Encodes one split into `path`, which appears whole or not at all. The same bytes whatever `num_threads` (1: the
/// caller's alone). Throws Error.
void build_token_dataset(const std::filesystem::path& path, const corpus::PreparedCorpus& corpus, corpus::Split split,
                         const tokenizer::Tokenizer& tokenizer, int64_t num_threads, const ProgressCallback& progress,
                         const StopFlag& stop);

}  // namespace ktlm::data
