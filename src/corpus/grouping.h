// Finds which documents share a key, for more pairs of key and document than memory holds: pairs that do not fit go to
// a file without a name, apart by the range of their keys, and come back one range at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "part_reader.h"

namespace ktlm::corpus {

class Grouping {
 public:
  struct Entry {
    uint64_t key = 0;
    DocumentNumber document = 0;
  };
  using Visit = std::function<void(uint64_t key, std::span<const Entry> documents)>;

  /// For at most `max_entries` pairs, whose keys are hashes: they fall evenly. Holds about `memory_bytes`; more only
  /// for the documents of one single key, and a kilobyte for each so many bytes of pairs. The file lies in `scratch`.
  Grouping(uint64_t max_entries, int64_t memory_bytes, std::filesystem::path scratch);
  ~Grouping();
  Grouping(const Grouping&) = delete;
  Grouping& operator=(const Grouping&) = delete;

  /// Throws Error (disk full).
  void add(uint64_t key, DocumentNumber document);

  /// Gives `visit` every key that at least two documents have, keys rising, with its documents, rising and each once.
  /// Once, at the end. Throws Error where the disk fails.
  void for_each_group(const Visit& visit);

 private:
  struct Block {
    uint64_t offset = 0;  // in the file, bytes
    size_t num_entries = 0;
  };
  struct Range {
    std::vector<Entry> waiting;
    std::vector<Block> written;
  };

  void write(Range& range);
  void read(const Range& range, std::vector<Entry>& entries) const;

  std::filesystem::path path_;
  std::vector<Range> ranges_;
  size_t block_entries_ = 0;  // 0: a single range, which stays in memory
  int descriptor_ = -1;
  uint64_t size_bytes_ = 0;
};

}  // namespace ktlm::corpus
