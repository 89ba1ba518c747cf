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
#include "ktlm/corpus/quality_config.h"
#include "ktlm/text/personal_data.h"

namespace ktlm::corpus {

struct PrepareConfig : QualityConfig {
  std::string format = "auto", encoding = "auto";
  int64_t threads = 0;
  double val_fraction = 0.01;
  int64_t min_chars = 20;
  std::string text_field;
  bool strict = false;
  bool skip_damaged = false;
  int64_t shard_bytes = 16'000'000;
  bool near_duplicates = true;
  double near_similarity = 0.42;
  int64_t repeated_line_documents = 10;
  int64_t repeated_line_min_chars = 20;
  int64_t memory_bytes = 128'000'000;
  bool mask_personal_data = true;

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("format", &PrepareConfig::format, one_of({"auto", "mediawiki", "wikitext", "html", "jsonl", "json", "text"}),
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
      "the text's key in JSON; dots go into objects and arrays, [] marks what is one document each, as in "
      "document[].paragraph.form; of several, as in text,document.body, the first that is there; empty takes the first "
      "of text, content, body");
    v("strict", &PrepareConfig::strict, any_value(),
      "stops at the first unreadable JSONL line, or text in another encoding, instead of dropping it");
    v("skip_damaged", &PrepareConfig::skip_damaged, any_value(),
      "goes on behind an input that is damaged or can't be read, with the documents before the damage, and counts it");
    v("shard_bytes", &PrepareConfig::shard_bytes, at_least(1), "text per train file, before compression");
    v("near_duplicates", &PrepareConfig::near_duplicates, any_value(),
      "drops documents that are nearly the same as an earlier one");
    v("near_similarity", &PrepareConfig::near_similarity, between(0.2, 1),
      "share of their pairs of words in which two documents must agree to be nearly the same");
    v("repeated_line_documents", &PrepareConfig::repeated_line_documents, at_least(0),
      "takes out lines that stand in more documents than this; 0 takes none out");
    v("repeated_line_min_chars", &PrepareConfig::repeated_line_min_chars, at_least(1),
      "shorter lines may repeat: headings, items of lists");
    v("memory_bytes", &PrepareConfig::memory_bytes, at_least(1'000'000),
      "memory for the search for duplicates, beside 5 bytes a document; what does not fit waits in a file beside the "
      "output, at most 0.8 kB a document");
    v("mask_personal_data", &PrepareConfig::mask_personal_data, any_value(),
      "replaces e-mail addresses, telephone, resident registration and card numbers by <이메일>, <전화번호> ...");
    QualityConfig::visit_fields(v);
  }
};

/// Why a document was dropped, in the order in which the stages look.
enum class DropReason {
  // Read and extract:
  kOtherNamespace,  // a dump's talk, user, template, category ... page
  kRedirect,
  kDisambiguation,
  kNotWikitext,  // a dump's page in another content model
  kInvalidJson,  // a line or element that is no JSON object
  kNoText,       // a JSON object without the text field, or with messages that are no dialogue
  kNotUtf8,      // mostly malformed: another encoding
  kEmpty,        // no text left behind the markup
  // Filter:
  kTooShort,
  kLanguage,    // too little Hangul among the letters
  kWordLength,  // the quality filters, see QualityConfig
  kFewLetters,  // words without letters
  kFewStopWords,
  kHashes,
  kEllipses,
  kBullets,
  kUnendedLines,  // lines that end no sentence
  kManyLines,
  kRepetitiveLines,
  kTopNgram,
  kRepetitiveNgrams,
  // Deduplicate:
  kDuplicate,      // the normalised text came before
  kNearDuplicate,  // a text that is nearly the same came before
  kRepeatedLines,  // too little is left without the lines that many documents have
  kNone,           // kept
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
  int64_t lines_removed = 0;                       // since many documents have them
  text::PersonalDataCounts masked{};               // by kind, in what the filters left

  DocumentCounts& operator+=(const DocumentCounts& other);
  int64_t num_dropped() const;
  friend bool operator==(const DocumentCounts&, const DocumentCounts&) = default;
};

struct InputSummary {
  std::string name;  // as given
  int64_t files = 0;
  std::map<std::string, int64_t> decoded_files;  // by encoding ("CP949"), those that were not UTF-8
  int64_t damaged_files = 0;                     // of which the rest was skipped; an archive's members count as files
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
  bool stopped = false;    // by the stop flag: out_dir is as it was
  bool can_go_on = false;  // what was done waits for the same call; not so for standard input
  bool resumed = false;    // an earlier run had begun
  bool is_shard = false;   // out_dir is for merge_shards(); nothing is known of duplicates or splits yet
};

/// One of several machines that share the work: 1 of 1 is all of it.
struct Shard {
  int64_t number = 1, count = 1;
};

/// Prepares `inputs` (files, folders, "-" for standard input) into `out_dir`, which appears whole or not at all and
/// replaces a prepared directory that stands there. What has been read when the stop flag is set, a kill comes, or a
/// damaged input, waits in partial_directory(out_dir): called again with the same inputs and settings, prepare() goes
/// on from there, whatever has become of files that it had not read to their end. Throws Error: an input missing,
/// damaged or of unknown form; no document left; `out_dir` is something else than a prepared directory; another
/// prepare() at work on it; disk full. `warn` hears of unreadable documents, of the first few of each input; it and
/// `progress` are called in the calling thread and may be empty.
PrepareSummary prepare(const std::vector<std::string>& inputs, const std::filesystem::path& out_dir,
                       const PrepareConfig& config, const StopFlag& stop_flag, const ProgressCallback& progress,
                       const WarningCallback& warn);

/// Does one machine's share of prepare(inputs, out_dir): leaves shard_directory(out_dir, shard), for merge_shards().
/// Its counts do not know of duplicates yet.
PrepareSummary prepare_shard(const std::vector<std::string>& inputs, const std::filesystem::path& out_dir, Shard shard,
                             const PrepareConfig& config, const StopFlag& stop_flag, const ProgressCallback& progress,
                             const WarningCallback& warn);

/// Makes of all shards' directories, in any order, what prepare() would have made at once. Of `config`, threads and
/// memory_bytes count; the rest was settled with the shards. Throws Error: a shard is missing, unfinished, there twice,
/// or of other inputs or settings than the first.
PrepareSummary merge_shards(const std::vector<std::filesystem::path>& shard_dirs, const std::filesystem::path& out_dir,
                            const PrepareConfig& config, const StopFlag& stop_flag, const ProgressCallback& progress);

/// "data/prepared" -> "data/.prepared.partial", "data/prepared.shard-2-of-8".
std::filesystem::path partial_directory(const std::filesystem::path& out_dir);
std::filesystem::path shard_directory(const std::filesystem::path& out_dir, Shard shard);

/// One object with everything above.
Json to_json(const PrepareSummary& summary);

}  // namespace ktlm::corpus
