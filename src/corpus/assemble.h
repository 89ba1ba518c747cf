// The second pass of prepare: of the documents that the first pass left, those that stay are written as a prepared
// directory's files, each file by one worker on its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "duplicates.h"
#include "ktlm/corpus/prepare.h"
#include "part_reader.h"
#include "report.h"

namespace ktlm::corpus {

struct ShardInfo {
  std::string name;  // "train-00000.jsonl.zst"
  int64_t documents = 0, dialogues = 0;
  int64_t text_bytes = 0;
  int64_t bytes = 0;  // of the file
};

/// A document that the second pass dropped, or shortened.
struct SecondPassChange {
  size_t input = 0;
  DropReason reason = DropReason::kNone;  // kNone: repeated lines were taken out, and it stayed
  TextSize before, after;                 // after: 0 where it was dropped
  int64_t lines_removed = 0;
  std::string title, excerpt;  // the text's first thousand bytes, before
};

struct AssembledCorpus {
  std::vector<ShardInfo> train;
  ShardInfo val;
  std::string content_hash;  // of every line of JSON to train on, in order, then of those held out
};

/// Writes train-*.jsonl.zst, of which none is empty, and val.jsonl.zst into `directory`. `on_change` hears of every
/// document that is not written as the first pass left it, in any thread, one at a time, in no certain order.
/// `on_documents` hears in the calling thread how many documents of the first pass are done. Both it and the workers'
/// `check` may throw to end the work. Throws Error (disk full).
AssembledCorpus assemble(const PartReader& parts, const Verdicts& verdicts, const PrepareConfig& config,
                         const std::filesystem::path& directory, size_t num_workers,
                         const std::function<void(const SecondPassChange&)>& on_change,
                         const std::function<void(int64_t)>& on_documents, const std::function<void()>& check);

}  // namespace ktlm::corpus
