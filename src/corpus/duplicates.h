// Finds what is there more than once: the same text, nearly the same text, the same line in many documents, the same
// id. Everything comes from the records of the first pass, never from the text, and in the same way whatever the number
// of threads or parts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "ktlm/corpus/prepare.h"
#include "part_reader.h"

namespace ktlm::corpus {

/// What is to be done with a document.
struct Verdict {
  bool is_duplicate : 1 = false;       // the normalised text came before
  bool is_near_duplicate : 1 = false;  // a similar text came before
  bool has_repeated_line : 1 = false;  // holds one of Verdicts::repeated_lines
  bool needs_new_id : 1 = false;       // a document that stays has its id already

  bool is_kept() const { return !is_duplicate && !is_near_duplicate; }
};

struct Verdicts {
  std::vector<Verdict> documents;        // by DocumentNumber
  std::vector<uint64_t> repeated_lines;  // hashes, rising
};

/// Of documents alike, the first is kept. Memory: about config.memory_bytes, and 5 bytes a document. What does not fit
/// waits in a file in `scratch`: 16 bytes for each band of each document, 0.8 kB a document at most. `check` is called
/// now and then, and may throw to end the work. Throws Error where the disk fails.
Verdicts find_duplicates(const PartReader& parts, const PrepareConfig& config, const std::filesystem::path& scratch,
                         const std::function<void()>& check);

/// The hash under which a line of a document is counted, or nothing where it is too short to be judged: a heading, an
/// item of a list.
bool hash_line(std::string_view line, int64_t min_chars, uint64_t& hash);

}  // namespace ktlm::corpus
