// The last stage, in document order: drops exact duplicates, makes ids unique, splits train from validation by the hash
// of the text, and writes the shards of a prepared directory. Memory grows by the hashes alone, some 100 bytes a
// document.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "extract.h"
#include "ktlm/core/hash.h"
#include "ktlm/corpus/prepare.h"
#include "zstd_file.h"

namespace ktlm::corpus {

struct ShardInfo {
  std::string name;  // "train-00000.jsonl.zst"
  int64_t documents = 0;
  int64_t text_bytes = 0;
  int64_t bytes = 0;  // of the file
};

/// The files of one split, one after the other.
class SplitWriter {
 public:
  /// `numbered`: "train-00000.jsonl.zst", ..., a new one each shard_bytes of text; else one file, "val.jsonl.zst".
  SplitWriter(std::filesystem::path directory, std::string name, bool numbered, int64_t shard_bytes);

  void write(const Document& document);
  /// Commits the last file; an empty split gets an empty file. Throws Error.
  void finish();

  const std::vector<ShardInfo>& shards() const { return shards_; }
  int64_t num_documents() const { return documents_; }
  SplitSummary summary() const;
  /// Of every line in order.
  const Hash128& content_hash() const { return content_hash_; }

 private:
  void open_next();
  void close_current();

  std::filesystem::path directory_;
  std::string name_;
  bool numbered_;
  int64_t shard_bytes_;
  std::unique_ptr<ZstdFile> file_;
  std::vector<ShardInfo> shards_;
  int64_t documents_ = 0, dialogues_ = 0;
  Hash128 content_hash_;
};

class CorpusWriter {
 public:
  CorpusWriter(const std::filesystem::path& directory, const PrepareConfig& config);

  /// False where the same text came before.
  bool add(ExtractedDocument&& extracted);
  void finish();

  const SplitWriter& train() const { return train_; }
  const SplitWriter& val() const { return val_; }
  std::string content_hash() const;

 private:
  struct HashOfHash {
    size_t operator()(const Hash128& hash) const { return static_cast<size_t>(hash.low); }
  };

  void make_id_unique(std::string& id);
  void place(ExtractedDocument&& extracted);

  double val_fraction_;
  std::unordered_set<Hash128, HashOfHash> seen_texts_;
  std::unordered_set<uint64_t> seen_ids_;
  // While no document's hash has chosen validation, the one that comes nearest waits here: it is the one to hold out
  // should none do.
  std::optional<ExtractedDocument> candidate_;
  SplitWriter train_, val_;
};

}  // namespace ktlm::corpus
