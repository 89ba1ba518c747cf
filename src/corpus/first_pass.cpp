#include "first_pass.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "ktlm/core/machine.h"
#include "ktlm/core/ordered_pipeline.h"
#include "ktlm/core/text_format.h"
#include "part_batch.h"
#include "saved_pass.h"
#include "start_again_error.h"

namespace ktlm::corpus {

namespace {

using Pipeline = OrderedPipeline<RawBatch, ExtractedBatch>;

constexpr int64_t kMaxWarningsPerInput = 5;
constexpr std::chrono::seconds kSaveEvery{5};

// The consumer: counts, warns, and hands batches to the writer, in order.
class Collector {
 public:
  Collector(FirstPassState& state, std::optional<SavedPass> before_file, PartWriter& writer, bool strict,
            const WarningCallback& warn)
      : state_(state), before_file_(std::move(before_file)), writer_(writer), strict_(strict), warn_(warn) {}

  void add(ExtractedBatch&& batch) {
    if (state_.position.documents == 0 || batch.end.file > state_.position.file)
      before_file_ = SavedPass{state_, writer_.sizes()};
    for (const ExtractedDocument& document : batch.documents) count(document);
    writer_.append(batch.part);
    state_.position = std::move(batch.end);
    state_.next_order = batch.part.order + 1;
  }

  /// Names of sources that documents had, for messages.
  const std::set<std::string>& sources() const { return sources_; }

  /// What stood before the file was begun in which the state is.
  const std::optional<SavedPass>& before_file() const { return before_file_; }

  /// Whether files before `file` have given documents.
  bool has_documents_before(size_t file) const {
    const bool is_in_file = state_.position.file == file && state_.position.documents > 0;
    if (is_in_file && !before_file_) return false;
    return has_documents(is_in_file ? before_file_->state : state_);
  }

  void finish() {
    for (size_t i = 0; i < state_.inputs.size(); ++i) {
      const int64_t num_silent = state_.num_problems[i] - kMaxWarningsPerInput;
      if (num_silent > 0)
        warn_(state_.inputs[i].name + ": " + std::to_string(num_silent) + " more documents dropped like these");
    }
  }

 private:
  void count(const ExtractedDocument& extracted) {
    DocumentCounts& counts = state_.inputs[extracted.input].counts;
    ++counts.documents_in;
    counts.utf8_repairs += extracted.utf8_repairs;
    state_.report.add(extracted.input, extracted.dropped, extracted.document.title, extracted.document.text);
    state_.report.add_hangul_share(extracted.input, extracted.measures.hangul_share);
    state_.exempting_names |= extracted.exempting_names;
    if (sources_.size() < kMaxSources) sources_.insert(extracted.document.source);
    if (!extracted.problem.empty()) report(extracted);
    if (extracted.dropped != DropReason::kNone) {
      ++counts.dropped[static_cast<size_t>(extracted.dropped)];
      return;
    }
    ++counts.kept;
    counts.text_bytes += static_cast<int64_t>(extracted.document.text.size());
    for (size_t i = 0; i < counts.masked.size(); ++i) counts.masked[i] += extracted.masked[i];
  }

  void report(const ExtractedDocument& extracted) {
    if (strict_) throw StartAgainError(extracted.problem);
    if (++state_.num_problems[extracted.input] <= kMaxWarningsPerInput) warn_(extracted.problem + " (dropped)");
  }

  static constexpr size_t kMaxSources = 200;

  FirstPassState& state_;
  std::set<std::string> sources_;
  std::optional<SavedPass> before_file_;
  PartWriter& writer_;
  bool strict_;
  const WarningCallback& warn_;
};

// Whatever fails here is the inputs' fault.
void read_inputs(DocumentReader& reader, const ReadPosition& start, uint64_t first_order) {
  try {
    reader.run(start, first_order);
  } catch (const ConfigError&) {
    throw;
  } catch (const Error& error) {
    throw DamagedInputError(error.what());
  }
}

std::string unknown_name_text(const std::string& name, const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(name, known);
  return "prepare.quality_off: \"" + name + "\" is none of the inputs, their files or their documents' sources" +
         (nearest.empty() ? "; name an input, a file, or a JSON document's \"source\""
                          : "; did you mean \"" + nearest + "\"?");
}

std::vector<std::string> names_of_inputs(const FirstPassRequest& request) {
  std::vector<std::string> names = request.inputs;
  for (const InputFile& file : request.files) {
    names.push_back(file.name);
    names.push_back(file.name.substr(file.name.rfind('/') + 1));
    names.push_back(file.name.substr(0, file.name.find('/')));
  }
  return names;
}

}  // namespace

void check_exempting_names(const FirstPassRequest& request) {
  for (const std::string& name : request.config.quality_off) {
    const bool is_known =
        std::ranges::any_of(request.inputs, [&](const std::string& input) { return input == name; }) ||
        std::ranges::any_of(request.files, [&](const InputFile& file) {
          return names_source(name, file.name) || may_name_sources(file.name, request.config.format);
        });
    if (!is_known) throw ConfigError(unknown_name_text(name, names_of_inputs(request)));
  }
}

void run_first_pass(const FirstPassRequest& request, FirstPassState& state, std::optional<SavedPass> before_file,
                    PartWriter& writer, const StopFlag& stop_flag, const ProgressCallback& progress,
                    const WarningCallback& warn) {
  const Json identity = identity_of(request);
  const std::vector<std::string> marks = marks_of(request.files);
  const PrepareConfig& config = request.config;
  Collector collector(state, std::move(before_file), writer, config.strict, warn);
  const auto save = [&] {
    Json part_state = save_to_json(state, marks);
    part_state["identity"] = identity;
    if (state.position.documents > 0 && collector.before_file()) {
      part_state["before_file"] = save_to_json(collector.before_file()->state, marks);
      part_state["before_file"]["files"] = collector.before_file()->files;
    }
    writer.checkpoint(std::move(part_state));
  };
  Pipeline pipeline(num_workers(config.threads));
  DocumentReader reader(
      request.files, config, request.inputs.size(), request.shard,
      [&] {
        if (stop_flag.requested()) throw Stopped{};
        pipeline.check();
      },
      [&](RawBatch&& batch) { pipeline.emit(std::move(batch)); });
  const ReadPosition start = state.position;
  const int64_t total_bytes = reader.total_file_bytes(start);
  const uint64_t first_order = state.next_order;
  auto saved = std::chrono::steady_clock::now();
  try {
    pipeline.run([&] { read_inputs(reader, start, first_order); },
                 [&](RawBatch&& batch) { return extract_batch(std::move(batch), config); },
                 [&](ExtractedBatch&& batch) {
                   collector.add(std::move(batch));
                   if (progress) progress({"preparing", reader.file_bytes(), total_bytes, "bytes", ""});
                   if (std::chrono::steady_clock::now() - saved < kSaveEvery) return;
                   save();
                   saved = std::chrono::steady_clock::now();
                 });
  } catch (const Stopped&) {
    save();
    throw;
  } catch (const DamagedInputError& error) {
    if (!collector.has_documents_before(reader.file())) throw StartAgainError(error.what());
    save();
    throw;
  }
  collector.finish();
  const std::vector<std::string>& exempt = config.quality_off;
  for (size_t i = 0; request.shard.count == 1 && i < std::min<size_t>(exempt.size(), 62); ++i) {
    if ((state.exempting_names >> i & 1) != 0) continue;
    std::vector<std::string> known = names_of_inputs(request);
    known.insert(known.end(), collector.sources().begin(), collector.sources().end());
    warn(unknown_name_text(exempt[i], known));
  }
  for (size_t i = 0; i < state.inputs.size(); ++i) {
    state.inputs[i].counts.bytes_in = reader.readings()[i].bytes;
    state.inputs[i].decoded_files = reader.readings()[i].decoded_files;
    state.inputs[i].damaged_files = reader.readings()[i].damaged_files;
    for (const std::string& warning : reader.readings()[i].warnings) warn(warning);
  }
  state.position = {request.files.size(), 0, reader.readings()};
  state.complete = true;
  save();
  writer.sync();
}

size_t num_workers(int64_t threads) { return static_cast<size_t>(threads > 0 ? threads : num_usable_cores()); }

}  // namespace ktlm::corpus
