#include "saved_pass.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/hash.h"
#include "ktlm/text/normalize.h"
#include "manifest.h"
#include "prepare_summary.h"

namespace ktlm::corpus {

namespace {

using DecodedFiles = std::map<std::string, int64_t>;

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

bool has_documents(const FirstPassState& state) {
  return std::ranges::any_of(state.inputs, [](const InputSummary& input) { return input.counts.documents_in > 0; });
}

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

}  // namespace ktlm::corpus
