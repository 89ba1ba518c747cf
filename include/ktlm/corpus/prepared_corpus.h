// Reading a prepared directory back: train-00000.jsonl.zst ..., val.jsonl.zst, and the manifest that seals them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ktlm/corpus/document.h"

namespace ktlm::corpus {

enum class Split { kTrain, kVal };

class PreparedCorpus {
 public:
  /// Throws Error where the directory or its manifest.json is missing ("run ktlm prepare first") or damaged.
  static PreparedCorpus open(const std::filesystem::path& directory);

  /// Calls `visit` for each document in a fixed order until it returns false. Throws Error naming file and line.
  void for_each_document(Split split, const std::function<bool(Document&&)>& visit) const;

  int64_t num_documents(Split split) const;
  int64_t text_bytes(Split split) const;
  /// Changes with the content: hash of every document in order, from the manifest.
  const std::string& content_hash() const { return content_hash_; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
  std::vector<std::filesystem::path> train_files_, val_files_;
  int64_t train_documents_ = 0, val_documents_ = 0, train_text_bytes_ = 0, val_text_bytes_ = 0;
  std::string content_hash_;
};

}  // namespace ktlm::corpus
