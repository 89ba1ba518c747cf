#include "ktlm/corpus/prepare.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "corpus_writer.h"
#include "extract.h"
#include "input_files.h"
#include "input_reader.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/ordered_pipeline.h"
#include "manifest.h"

namespace ktlm::corpus {

namespace {

struct Stopped {};

using RawBatch = std::vector<RawDocument>;
using ExtractedBatch = std::vector<ExtractedDocument>;
using Pipeline = OrderedPipeline<RawBatch, ExtractedBatch>;

// Enough work at a time for the threads not to meet often; small enough to keep what is under way within megabytes.
constexpr size_t kBatchBytes = size_t{1} << 19, kBatchDocuments = 1000;
constexpr int64_t kMaxWarningsPerInput = 5;

// The producer: reads file after file and hands batches of documents to the pipeline.
class Reader {
 public:
  Reader(const std::vector<InputFile>& files, const PrepareConfig& config, size_t num_inputs, const StopFlag& stop_flag,
         Pipeline& pipeline)
      : files_(files), config_(config), readings_(num_inputs), stop_flag_(stop_flag), pipeline_(pipeline) {}

  void run() {
    for (const InputFile& file : files_) {
      const ReadHooks hooks{[this] { check(); }, &file_bytes_};
      readings_[file.input] += read_input_file(file, config_, hooks, [&](RawDocument&& document) {
        document.input = file.input;
        if (document.source.empty()) document.source = file.name;
        add(std::move(document));
      });
    }
    flush();
  }

  /// Of the files themselves, while run() is at work.
  int64_t file_bytes() const { return file_bytes_; }
  /// By input; complete when the pipeline is done.
  const std::vector<InputReading>& readings() const { return readings_; }

 private:
  void check() {
    if (stop_flag_.requested()) throw Stopped{};
    pipeline_.check();
  }

  void add(RawDocument&& document) {
    batch_bytes_ += document.body.size();
    batch_.push_back(std::move(document));
    if (batch_bytes_ >= kBatchBytes || batch_.size() >= kBatchDocuments) flush();
  }

  void flush() {
    if (!batch_.empty()) pipeline_.emit(std::exchange(batch_, {}));
    batch_bytes_ = 0;
  }

  const std::vector<InputFile>& files_;
  const PrepareConfig& config_;
  std::vector<InputReading> readings_;
  const StopFlag& stop_flag_;
  Pipeline& pipeline_;
  std::atomic<int64_t> file_bytes_{0};
  RawBatch batch_;
  size_t batch_bytes_ = 0;
};

// The consumer: counts, warns, and hands what is left to the writer, in document order.
class Collector {
 public:
  Collector(CorpusWriter& writer, std::vector<InputSummary>& inputs, bool strict, const WarningCallback& warn)
      : writer_(writer), inputs_(inputs), strict_(strict), warn_(warn), num_problems_(inputs.size()) {}

  void add(ExtractedDocument&& extracted) {
    DocumentCounts& counts = inputs_[extracted.input].counts;
    ++counts.documents_in;
    counts.utf8_repairs += extracted.utf8_repairs;
    if (!extracted.problem.empty()) report(extracted);
    DropReason dropped = extracted.dropped;
    const auto text_bytes = static_cast<int64_t>(extracted.document.text.size());
    if (dropped == DropReason::kNone && !writer_.add(std::move(extracted))) dropped = DropReason::kDuplicate;
    if (dropped != DropReason::kNone) {
      ++counts.dropped[static_cast<size_t>(dropped)];
      return;
    }
    ++counts.kept;
    counts.text_bytes += text_bytes;
  }

  void finish() {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const int64_t num_silent = num_problems_[i] - kMaxWarningsPerInput;
      if (num_silent > 0)
        warn_(inputs_[i].name + ": " + std::to_string(num_silent) + " more documents dropped like these");
    }
  }

 private:
  void report(const ExtractedDocument& extracted) {
    if (strict_) throw Error(extracted.problem);
    if (++num_problems_[extracted.input] <= kMaxWarningsPerInput) warn_(extracted.problem + " (dropped)");
  }

  CorpusWriter& writer_;
  std::vector<InputSummary>& inputs_;
  bool strict_;
  const WarningCallback& warn_;
  std::vector<int64_t> num_problems_;
};

ExtractedBatch extract_batch(RawBatch&& batch, const PrepareConfig& config) {
  ExtractedBatch extracted;
  extracted.reserve(batch.size());
  for (RawDocument& document : batch) extracted.push_back(extract_document(std::move(document), config));
  return extracted;
}

size_t num_workers(int64_t threads) {
  return threads > 0 ? static_cast<size_t>(threads) : std::max(1U, std::thread::hardware_concurrency());
}

[[noreturn]] void throw_nothing_left(const PrepareSummary& summary) {
  std::string names, reasons;
  for (const InputSummary& input : summary.inputs) names += (names.empty() ? "" : ", ") + input.name;
  if (summary.total.documents_in == 0) throw Error(names + ": holds no document; choose other inputs or --format");
  for (size_t i = 0; i < kNumDropReasons; ++i) {
    if (summary.total.dropped[i] == 0) continue;
    reasons += std::string(reasons.empty() ? "" : ", ") + drop_reason_name(static_cast<DropReason>(i)) + " " +
               std::to_string(summary.total.dropped[i]);
  }
  throw Error(names + ": no document is left of " + std::to_string(summary.total.documents_in) +
              " (dropped: " + reasons + "); choose other inputs, --format or --min-chars");
}

}  // namespace

PrepareSummary prepare(const std::vector<std::string>& inputs, const std::filesystem::path& out_dir,
                       const PrepareConfig& config, const StopFlag& stop_flag, const ProgressCallback& progress,
                       const WarningCallback& warn) {
  const auto start = std::chrono::steady_clock::now();
  const WarningCallback warn_or_not = warn ? warn : [](const std::string&) {};
  require_replaceable(out_dir);
  const std::vector<InputFile> files = list_input_files(inputs, out_dir, warn_or_not);

  PrepareSummary summary;
  summary.out_dir = out_dir;
  for (const std::string& input : inputs) summary.inputs.push_back({.name = display_name(input)});
  int64_t total_bytes = 0;
  bool all_sizes_known = true;
  for (const InputFile& file : files) {
    ++summary.inputs[file.input].files;
    total_bytes += file.size_bytes;
    if (file.path == "-") all_sizes_known = false;
  }

  AtomicDirectory directory(out_dir);
  CorpusWriter writer(directory.path(), config);
  Collector collector(writer, summary.inputs, config.strict, warn_or_not);
  Pipeline pipeline(num_workers(config.threads));
  Reader reader(files, config, inputs.size(), stop_flag, pipeline);
  try {
    pipeline.run([&] { reader.run(); }, [&](RawBatch&& batch) { return extract_batch(std::move(batch), config); },
                 [&](ExtractedBatch&& batch) {
                   for (ExtractedDocument& document : batch) collector.add(std::move(document));
                   if (progress)
                     progress({"preparing", reader.file_bytes(), all_sizes_known ? total_bytes : 0, "bytes", ""});
                 });
  } catch (const Stopped&) {
    summary.stopped = true;
    return summary;
  }
  collector.finish();
  for (const InputReading& reading : reader.readings()) {
    for (const std::string& warning : reading.warnings) warn_or_not(warning);
  }
  writer.finish();

  for (size_t i = 0; i < inputs.size(); ++i) {
    summary.inputs[i].counts.bytes_in = reader.readings()[i].bytes;
    summary.inputs[i].decoded_files = reader.readings()[i].decoded_files;
    summary.total += summary.inputs[i].counts;
  }
  if (summary.total.kept == 0) throw_nothing_left(summary);
  summary.train = writer.train().summary();
  summary.val = writer.val().summary();
  summary.content_hash = writer.content_hash();
  write_file_atomically(directory.path() / kManifestName, make_manifest(summary, config, writer).dump(2) + "\n");
  directory.commit();
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return summary;
}

}  // namespace ktlm::corpus
