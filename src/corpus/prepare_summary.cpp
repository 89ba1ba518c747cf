#include "prepare_summary.h"

#include <array>
#include <numeric>

#include "drop_reasons.h"

namespace ktlm::corpus {

namespace {

// The counts stage by stage: how many documents came out of each.
Json stages_of(const DocumentCounts& counts) {
  std::array<int64_t, kNumDropStages> dropped{};
  for (size_t i = 0; i < kNumDropReasons; ++i)
    dropped[static_cast<size_t>(stage_of(static_cast<DropReason>(i)))] += counts.dropped[i];
  const int64_t filtered = counts.kept + dropped[static_cast<size_t>(DropStage::kDeduplicate)];
  const int64_t extracted = filtered + dropped[static_cast<size_t>(DropStage::kFilter)];
  return {
      {"read", counts.documents_in}, {"extracted", extracted}, {"filtered", filtered}, {"deduplicated", counts.kept}};
}

Json split_json(const SplitSummary& split) {
  return {{"documents", split.documents},
          {"dialogues", split.dialogues},
          {"text_bytes", split.text_bytes},
          {"files", split.files}};
}

}  // namespace

Json counts_json(const DocumentCounts& counts) {
  Json dropped = Json::object();
  for (size_t i = 0; i < kNumDropReasons; ++i) {
    if (counts.dropped[i] > 0) dropped[drop_reason_name(static_cast<DropReason>(i))] = counts.dropped[i];
  }
  Json masked = Json::object();
  for (size_t i = 0; i < text::kNumPersonalData; ++i)
    masked[text::personal_data_name(static_cast<text::PersonalData>(i))] = counts.masked[i];
  return {{"documents_in", counts.documents_in},
          {"kept", counts.kept},
          {"dropped", dropped},
          {"stages", stages_of(counts)},
          {"bytes_in", counts.bytes_in},
          {"text_bytes", counts.text_bytes},
          {"utf8_repairs", counts.utf8_repairs},
          {"lines_removed", counts.lines_removed},
          {"masked", masked}};
}

DocumentCounts counts_from_json(const Json& json, const std::string& where) {
  DocumentCounts counts;
  counts.documents_in = json_get<int64_t>(json, "documents_in", where);
  counts.kept = json_get<int64_t>(json, "kept", where);
  const Json dropped = json_get<Json>(json, "dropped", where);
  for (size_t i = 0; i < kNumDropReasons; ++i)
    counts.dropped[i] = json_get_or<int64_t>(dropped, drop_reason_name(static_cast<DropReason>(i)), 0, where);
  counts.bytes_in = json_get<int64_t>(json, "bytes_in", where);
  counts.text_bytes = json_get<int64_t>(json, "text_bytes", where);
  counts.utf8_repairs = json_get<int64_t>(json, "utf8_repairs", where);
  counts.lines_removed = json_get<int64_t>(json, "lines_removed", where);
  const Json masked = json_get<Json>(json, "masked", where);
  for (size_t i = 0; i < text::kNumPersonalData; ++i)
    counts.masked[i] = json_get<int64_t>(masked, text::personal_data_name(static_cast<text::PersonalData>(i)), where);
  return counts;
}

const char* drop_reason_name(DropReason reason) {
  switch (reason) {
    case DropReason::kOtherNamespace:
      return "other_namespace";
    case DropReason::kRedirect:
      return "redirect";
    case DropReason::kDisambiguation:
      return "disambiguation";
    case DropReason::kNotWikitext:
      return "not_wikitext";
    case DropReason::kInvalidJson:
      return "invalid_json";
    case DropReason::kNoText:
      return "no_text";
    case DropReason::kNotUtf8:
      return "not_utf8";
    case DropReason::kEmpty:
      return "empty";
    case DropReason::kTooShort:
      return "too_short";
    case DropReason::kLanguage:
      return "language";
    case DropReason::kWordLength:
      return "word_length";
    case DropReason::kFewLetters:
      return "few_letters";
    case DropReason::kFewStopWords:
      return "few_stop_words";
    case DropReason::kHashes:
      return "hashes";
    case DropReason::kEllipses:
      return "ellipses";
    case DropReason::kBullets:
      return "bullets";
    case DropReason::kUnendedLines:
      return "unended_lines";
    case DropReason::kManyLines:
      return "many_lines";
    case DropReason::kRepetitiveLines:
      return "repetitive_lines";
    case DropReason::kTopNgram:
      return "top_ngram";
    case DropReason::kRepetitiveNgrams:
      return "repetitive_ngrams";
    case DropReason::kDuplicate:
      return "duplicate";
    case DropReason::kNearDuplicate:
      return "near_duplicate";
    case DropReason::kRepeatedLines:
      return "repeated_lines";
    case DropReason::kNone:
      break;
  }
  return "kept";
}

DocumentCounts& DocumentCounts::operator+=(const DocumentCounts& other) {
  documents_in += other.documents_in;
  kept += other.kept;
  for (size_t i = 0; i < kNumDropReasons; ++i) dropped[i] += other.dropped[i];
  bytes_in += other.bytes_in;
  text_bytes += other.text_bytes;
  utf8_repairs += other.utf8_repairs;
  lines_removed += other.lines_removed;
  for (size_t i = 0; i < masked.size(); ++i) masked[i] += other.masked[i];
  return *this;
}

int64_t DocumentCounts::num_dropped() const { return std::accumulate(dropped.begin(), dropped.end(), int64_t{0}); }

Json to_json(const PrepareSummary& summary) {
  Json inputs = Json::array();
  for (const InputSummary& input : summary.inputs) {
    Json entry = {{"name", input.name}, {"files", input.files}};
    if (!input.decoded_files.empty()) entry["decoded_files"] = input.decoded_files;
    if (input.damaged_files > 0) entry["damaged_files"] = input.damaged_files;
    entry.update(counts_json(input.counts));
    inputs.push_back(entry);
  }
  return {
      {"out_dir", summary.out_dir.string()}, {"content_hash", summary.content_hash}, {"inputs", inputs},
      {"total", counts_json(summary.total)}, {"train", split_json(summary.train)},   {"val", split_json(summary.val)},
      {"seconds", summary.seconds}};
}

}  // namespace ktlm::corpus
