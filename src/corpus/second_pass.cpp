#include "second_pass.h"

#include <string>

#include "assemble.h"
#include "duplicates.h"
#include "first_pass.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "manifest.h"
#include "part_reader.h"
#include "report_page.h"
#include "start_again_error.h"

namespace ktlm::corpus {

namespace {

[[noreturn]] void throw_nothing_left(const PrepareSummary& summary) {
  std::string names, reasons;
  for (const InputSummary& input : summary.inputs) names += (names.empty() ? "" : ", ") + input.name;
  if (summary.total.documents_in == 0)
    throw StartAgainError(names + ": holds no document; choose other inputs or --format");
  for (size_t i = 0; i < kNumDropReasons; ++i) {
    if (summary.total.dropped[i] == 0) continue;
    reasons += std::string(reasons.empty() ? "" : ", ") + drop_reason_name(static_cast<DropReason>(i)) + " " +
               std::to_string(summary.total.dropped[i]);
  }
  const bool has_no_text =
      summary.total.dropped[static_cast<size_t>(DropReason::kNoText)] == summary.total.documents_in;
  const std::string remedy = has_no_text
                                 ? "--text-field names the text's key, as in --text-field document.body"
                                 : "prepare other inputs, or with another --format, --min-chars or --quality off";
  throw StartAgainError(names + ": no document is left of " + std::to_string(summary.total.documents_in) +
                        " (dropped: " + reasons + "); " + remedy);
}

void apply(const SecondPassChange& change, CorpusReport& report, DocumentCounts& counts) {
  report.change_kept(change.input, change.reason, change.title, change.excerpt, change.before, change.after);
  counts.lines_removed += change.lines_removed;
  counts.text_bytes += change.after.bytes - change.before.bytes;
  if (change.reason == DropReason::kNone) return;
  --counts.kept;
  ++counts.dropped[static_cast<size_t>(change.reason)];
}

SplitSummary summary_of(const std::vector<ShardInfo>& files) {
  SplitSummary summary;
  summary.files = static_cast<int64_t>(files.size());
  for (const ShardInfo& file : files) {
    summary.documents += file.documents;
    summary.dialogues += file.dialogues;
    summary.text_bytes += file.text_bytes;
  }
  return summary;
}

}  // namespace

void run_second_pass(const std::vector<std::filesystem::path>& parts, const PrepareConfig& config, CorpusReport report,
                     PrepareSummary& summary, const ProgressCallback& progress, const std::function<void()>& check) {
  const PartReader reader(parts);
  AtomicDirectory directory(summary.out_dir);
  if (progress) progress({"finding duplicates", 0, 0, "documents", ""});
  const Verdicts verdicts = find_duplicates(reader, config, directory.path(), check);
  const AssembledCorpus corpus = assemble(
      reader, verdicts, config, directory.path(), num_workers(config.threads),
      [&](const SecondPassChange& change) { apply(change, report, summary.inputs[change.input].counts); },
      [&](int64_t done) {
        if (progress) progress({"writing", done, reader.num_documents(), "documents", ""});
      },
      check);
  for (const InputSummary& input : summary.inputs) summary.total += input.counts;
  if (summary.total.kept == 0) throw_nothing_left(summary);
  summary.train = summary_of(corpus.train);
  summary.val = summary_of({corpus.val});
  summary.content_hash = corpus.content_hash;
  write_file_atomically(directory.path() / kReportName, render_report(report, summary, settings_of(config)));
  write_file_atomically(
      directory.path() / kManifestName,
      make_manifest(summary, config, corpus).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  directory.commit();
}

}  // namespace ktlm::corpus
