#include "first_pass.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "ktlm/core/hash.h"
#include "ktlm/core/ordered_pipeline.h"
#include "ktlm/core/text_format.h"
#include "ktlm/text/normalize.h"
#include "manifest.h"
#include "part_batch.h"
#include "prepare_summary.h"
#include "start_again_error.h"

namespace ktlm::corpus {

namespace {

using Pipeline = OrderedPipeline<RawBatch, ExtractedBatch>;

using DecodedFiles = std::map<std::string, int64_t>;

constexpr int64_t kMaxWarningsPerInput = 5;
constexpr std::chrono::seconds kSaveEvery{5};

bool has_documents(const FirstPassState& state) {
  return std::ranges::any_of(state.inputs, [](const InputSummary& input) { return input.counts.documents_in > 0; });
}

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

// marks[n] tells whether the first n files are as they were, by their names, places, sizes and dates.
std::vector<std::string> marks_of(const std::vector<InputFile>& files) {
  std::vector<std::string> marks = {to_hex(Hash128{})};
  for (const InputFile& file : files) {
    std::error_code error;
    const auto date = std::filesystem::last_write_time(file.path, error);
    const int64_t ticks = error ? 0 : static_cast<int64_t>(date.time_since_epoch().count());
    marks.push_back(
        to_hex(hash128(marks.back() + " " + std::to_string(file.input) + " " + std::to_string(file.size_bytes) + " " +
                       std::to_string(ticks) + " " + file.path + " " + file.name)));
  }
  return marks;
}

Json save_to_json(const FirstPassState& state, const std::vector<std::string>& marks) {
  const size_t num_files = state.position.file + (state.position.documents > 0 ? 1 : 0);
  return {{"pass", to_json(state)}, {"read", {{"files", num_files}, {"mark", marks[num_files]}}}};
}

bool is_as_read(const Json& save, const std::vector<std::string>& marks, const std::string& where) {
  const Json read = json_get<Json>(save, "read", where);
  const auto num_files = static_cast<size_t>(json_get<int64_t>(read, "files", where));
  return num_files < marks.size() && marks[num_files] == json_get<std::string>(read, "mark", where);
}

SavedPass saved_pass_from_json(const Json& save, const FirstPassRequest& request, const std::string& where) {
  SavedPass saved{first_pass_state_from_json(json_get<Json>(save, "pass", where), where),
                  json_get<Json>(save, "files", where)};
  FirstPassState& state = saved.state;
  // Behind those that were read there may be more files now, or fewer.
  for (InputSummary& input : state.inputs) input.files = 0;
  for (const InputFile& file : request.files) ++state.inputs.at(file.input).files;
  state.complete = state.complete && state.position.file == request.files.size();
  return saved;
}

}  // namespace

Json identity_of(const FirstPassRequest& request) {
  Hash128 files;
  for (const InputFile& file : request.files) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file.path, error)) return {};
    files =
        hash128(to_hex(files) + std::to_string(file.input) + " " + std::to_string(file.size_bytes) + " " + file.name);
  }
  return {{"version", kPartVersion},
          {"normalizer_version", text::kNormalizerVersion},
          {"inputs", request.inputs},
          {"settings", settings_of(request.config)},
          {"files", {{"count", request.files.size()}, {"names_and_sizes", to_hex(files)}}},
          {"shard", {{"number", request.shard.number}, {"count", request.shard.count}}}};
}

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

Json to_json(const FirstPassState& state) {
  Json inputs = Json::array();
  for (const InputSummary& input : state.inputs) {
    Json entry = counts_json(input.counts);
    entry["name"] = input.name;
    entry["files"] = input.files;
    entry["decoded_files"] = input.decoded_files;
    entry["damaged_files"] = input.damaged_files;
    inputs.push_back(std::move(entry));
  }
  Json readings = Json::array();
  for (const InputReading& reading : state.position.readings)
    readings.push_back({{"bytes", reading.bytes},
                        {"decoded_files", reading.decoded_files},
                        {"damaged_files", reading.damaged_files},
                        {"warnings", reading.warnings}});
  return {
      {"inputs", std::move(inputs)},      {"problems", state.num_problems}, {"exempting_names", state.exempting_names},
      {"report", state.report.to_json()}, {"file", state.position.file},    {"documents", state.position.documents},
      {"readings", std::move(readings)},  {"next_order", state.next_order}, {"complete", state.complete}};
}

FirstPassState first_pass_state_from_json(const Json& json, const std::string& where) {
  FirstPassState state;
  try {
    for (const Json& entry : json_get<Json>(json, "inputs", where)) {
      state.inputs.push_back({.name = json_get<std::string>(entry, "name", where),
                              .files = json_get<int64_t>(entry, "files", where),
                              .decoded_files = entry.at("decoded_files").get<DecodedFiles>(),
                              .damaged_files = json_get<int64_t>(entry, "damaged_files", where),
                              .counts = counts_from_json(entry, where)});
    }
    state.num_problems = json_get<Json>(json, "problems", where).get<std::vector<int64_t>>();
    for (const Json& reading : json_get<Json>(json, "readings", where))
      state.position.readings.push_back({.bytes = json_get<int64_t>(reading, "bytes", where),
                                         .decoded_files = reading.at("decoded_files").get<DecodedFiles>(),
                                         .damaged_files = json_get<int64_t>(reading, "damaged_files", where),
                                         .warnings = reading.at("warnings").get<std::vector<std::string>>()});
  } catch (const Json::exception&) {
    throw Error(where + ": damaged; remove the folder and start again");
  }
  state.report = CorpusReport::from_json(json_get<Json>(json, "report", where), where);
  state.position.file = static_cast<size_t>(json_get<int64_t>(json, "file", where));
  state.position.documents = json_get<int64_t>(json, "documents", where);
  state.exempting_names = static_cast<uint64_t>(json_get<int64_t>(json, "exempting_names", where));
  state.next_order = static_cast<uint64_t>(json_get<int64_t>(json, "next_order", where));
  state.complete = json_get<bool>(json, "complete", where);
  return state;
}

std::optional<GoingOn> find_going_on(const Json& part_state, const FirstPassRequest& request,
                                     const std::string& where) {
  // As it comes back from a file, where a name that is no UTF-8 is written as U+FFFD.
  Json asked = parse_json(ktlm::to_json_line(identity_of(request)), where);
  Json former = json_get_or<Json>(part_state, "identity", Json(), where);
  if (!asked.is_object() || !former.is_object()) return std::nullopt;
  // All files' sizes say what a shard's share is; else only those count that have been read.
  if (request.shard.count == 1) {
    asked.erase("files");
    former.erase("files");
  }
  if (asked != former) return std::nullopt;

  const std::vector<std::string> marks = marks_of(request.files);
  const Json before = json_get_or<Json>(part_state, "before_file", Json(), where);
  if (is_as_read(part_state, marks, where)) {
    GoingOn going_on{saved_pass_from_json(part_state, request, where), std::nullopt};
    if (before.is_object()) going_on.before_file = saved_pass_from_json(before, request, where);
    return going_on;
  }
  if (!before.is_object() || !is_as_read(before, marks, where)) return std::nullopt;
  GoingOn going_on{saved_pass_from_json(before, request, where), std::nullopt};
  if (!has_documents(going_on.latest.state)) return std::nullopt;
  return going_on;
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

size_t num_workers(int64_t threads) {
  return threads > 0 ? static_cast<size_t>(threads) : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace ktlm::corpus
