// Raw files in, a prepared directory out: read, take the text out of the markup, repair and normalise, drop what is no
// article or says too little, drop exact duplicates, split off the validation part, write. Every document that goes in
// is counted, as kept or as dropped for one reason, and the result is the same whatever the number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ktlm/core/config.h"
#include "ktlm/core/json.h"
#include "ktlm/core/progress.h"
#include "ktlm/core/stop_flag.h"

namespace ktlm::corpus {

struct PrepareConfig {
  std::string format = "auto", encoding = "auto";
  int64_t threads = 0;
  double val_fraction = 0.01;
  int64_t min_chars = 20;
  std::string text_field;
  bool strict = false;
  int64_t shard_bytes = 64'000'000;

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("format", &PrepareConfig::format, one_of({"auto", "mediawiki", "wikitext", "html", "jsonl", "text"}),
      "what the inputs are; auto looks at each file's name, then at its content");
    v("encoding", &PrepareConfig::encoding, one_of({"auto", "utf-8", "cp949", "utf-16"}),
      "how the inputs are encoded; auto finds it out for each file; cp949 holds EUC-KR");
    v("threads", &PrepareConfig::threads, between(0, 1024), "worker threads; 0 is one per core");
    v("val_fraction", &PrepareConfig::val_fraction, between(0, 0.5),
      "share of the documents held out for validation, chosen by their hash; of two or more, one at least; 0 holds "
      "none");
    v("min_chars", &PrepareConfig::min_chars, at_least(0),
      "drops documents with fewer characters; dialogues are exempt");
    v("text_field", &PrepareConfig::text_field, any_value(),
      "JSONL's key of the text; empty takes the first of text, content, body");
    v("strict", &PrepareConfig::strict, any_value(),
      "stops at the first unreadable JSONL line, or text in another encoding, instead of dropping it");
    v("shard_bytes", &PrepareConfig::shard_bytes, at_least(1), "text per train shard, before compression");
  }
};

/// Why a document was dropped, in the order in which the stages look.
enum class DropReason {
  // Read and extract:
  kOtherNamespace,  // a dump's talk, user, template, category ... page
  kRedirect,
  kDisambiguation,
  kNotWikitext,  // a dump's page in another content model
  kInvalidJson,  // a line that is no JSON object
  kNoText,       // a JSON object without the text field, or with messages that are no dialogue
  kNotUtf8,      // mostly malformed: another encoding
  kEmpty,        // no text left behind the markup
  // Filter:
  kTooShort,
  // Deduplicate:
  kDuplicate,  // the normalised text came before
  kNone,       // kept
};
inline constexpr size_t kNumDropReasons = static_cast<size_t>(DropReason::kNone);

/// "redirect", "too_short": as in the manifest.
const char* drop_reason_name(DropReason reason);

struct DocumentCounts {
  int64_t documents_in = 0;
  int64_t kept = 0;
  std::array<int64_t, kNumDropReasons> dropped{};  // by reason; kept + their sum = documents_in
  int64_t bytes_in = 0;                            // read, after decompression
  int64_t text_bytes = 0;                          // UTF-8, of what was kept
  int64_t utf8_repairs = 0;                        // malformed sequences replaced by U+FFFD

  DocumentCounts& operator+=(const DocumentCounts& other);
  int64_t num_dropped() const;
};

struct InputSummary {
  std::string name;  // as given
  int64_t files = 0;
  std::map<std::string, int64_t> decoded_files;  // by encoding ("CP949"), those that were not UTF-8
  DocumentCounts counts;
};

struct SplitSummary {
  int64_t documents = 0;
  int64_t text_bytes = 0;
  int64_t dialogues = 0;
  int64_t files = 0;
};

struct PrepareSummary {
  std::filesystem::path out_dir;
  std::vector<InputSummary> inputs;
  DocumentCounts total;
  SplitSummary train, val;
  std::string content_hash;
  double seconds = 0;
  bool stopped = false;  // by the stop flag: nothing was written
};

/// Prepares `inputs` (files, folders, "-" for standard input) into `out_dir`, which appears whole or not at all and
/// replaces a prepared directory that stands there. Throws Error: an input missing, damaged or of unknown form; no
/// document left; `out_dir` is something else than a prepared directory; disk full. `warn` hears of unreadable
/// documents, of the first few of each input; it and `progress` are called in the calling thread and may be empty.
PrepareSummary prepare(const std::vector<std::string>& inputs, const std::filesystem::path& out_dir,
                       const PrepareConfig& config, const StopFlag& stop_flag, const ProgressCallback& progress,
                       const WarningCallback& warn);

/// One object with everything above.
Json to_json(const PrepareSummary& summary);

}  // namespace ktlm::corpus
