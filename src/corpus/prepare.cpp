#include "ktlm/corpus/prepare.h"

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "byte_source.h"
#include "field_path.h"
#include "first_pass.h"
#include "input_files.h"
#include "ktlm/core/error.h"
#include "ktlm/core/file_lock.h"
#include "ktlm/core/files.h"
#include "ktlm/text/normalize.h"
#include "ktlm/text/utf8.h"
#include "manifest.h"
#include "saved_pass.h"
#include "second_pass.h"
#include "start_again_error.h"

namespace ktlm::corpus {

namespace fs = std::filesystem;

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

fs::path without_trailing_slash(const fs::path& directory) {
  return directory.has_filename() ? directory : directory.parent_path();
}

std::function<void()> stopping_at(const StopFlag& stop_flag) {
  return [&stop_flag] {
    if (stop_flag.requested()) throw Stopped{};
  };
}

// The folder in which a first pass works; gone at the end unless it is to be gone on with.
class WorkDirectory {
 public:
  explicit WorkDirectory(const fs::path& out_dir)
      : path_(partial_directory(out_dir)), lock_(path_, "wait for it, or choose another --out") {}
  ~WorkDirectory() {
    std::error_code ignored;
    if (!is_kept_) fs::remove_all(path_, ignored);
  }
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  const fs::path& path() const { return path_; }
  void keep() { is_kept_ = true; }

  /// Throws Error where something else than a former shard stands at `target`.
  void become(const fs::path& target) {
    std::error_code error;
    fs::remove_all(target, error);
    fs::rename(path_, target, error);
    if (error) throw Error(target.string() + ": can't be written: " + system_error_text(error.value()));
    is_kept_ = true;
  }

 private:
  fs::path path_;
  FileLock lock_;
  bool is_kept_ = false;
};

// The first pass, from where an earlier run stopped if that was asked for the same.
void complete_first_pass(const FirstPassRequest& request, WorkDirectory& work, FirstPassState& state, bool& resumed,
                         const StopFlag& stop_flag, const ProgressCallback& progress, const WarningCallback& warn) {
  const Json former = read_part_state(work.path());
  std::optional<GoingOn> going_on;
  bool is_damaged = false;
  try {
    if (former.is_object()) going_on = find_going_on(former, request, (work.path() / kPartFile).string());
    is_damaged = going_on && !is_whole_part(work.path(), former);
  } catch (const Error&) {
    is_damaged = true;
  }
  resumed = going_on && !is_damaged;
  if (resumed) {
    state = std::move(going_on->latest.state);
  } else {
    if (former.is_object())
      warn(work.path().string() + (is_damaged ? ": what an earlier run has left is damaged; starting again"
                                              : ": left by a run with other inputs or settings; starting again"));
    going_on = GoingOn{.latest = {.state = {}, .files = Json::object()}, .before_file = {}};
    std::error_code ignored;
    fs::remove(work.path() / kPartFile, ignored);
  }
  if (state.complete) return;
  PartWriter writer(work.path(), going_on->latest.files);
  run_first_pass(request, state, std::move(going_on->before_file), writer, stop_flag, progress, warn);
}

FirstPassState state_at_start(const FirstPassRequest& request) {
  FirstPassState state;
  // A name may be any bytes; what is written is UTF-8.
  for (const std::string& input : request.inputs)
    state.inputs.push_back({.name = text::repair_utf8(display_name(input))});
  for (const InputFile& file : request.files) ++state.inputs[file.input].files;
  state.num_problems.resize(request.inputs.size());
  state.report = CorpusReport(request.inputs.size());
  return state;
}

// Does `finish` with what the first pass has left in `work`; then nothing is left of it, unless a stop or a full disk
// came between, and the same command can go on from it.
PrepareSummary run(const FirstPassRequest& request, const fs::path& out_dir, const StopFlag& stop_flag,
                   const ProgressCallback& progress, const WarningCallback& warn,
                   const std::function<void(WorkDirectory&, FirstPassState&&, PrepareSummary&)>& finish) {
  const auto start = std::chrono::steady_clock::now();
  PrepareSummary summary;
  summary.out_dir = out_dir;
  WorkDirectory work(out_dir);
  const auto keep = [&] {
    const bool can_go_on = !identity_of(request).is_null() && read_part_state(work.path()).is_object();
    if (can_go_on) work.keep();
    return can_go_on;
  };
  try {
    FirstPassState state = state_at_start(request);
    complete_first_pass(request, work, state, summary.resumed, stop_flag, progress, warn);
    finish(work, std::move(state), summary);
  } catch (const Stopped&) {
    summary.stopped = true;
    summary.can_go_on = keep();
  } catch (const StartAgainError&) {
    throw;
  } catch (const ConfigError&) {
    throw;
  } catch (const DamagedInputError& error) {
    if (!keep()) throw;
    throw Error(error.what() + std::string("; the same command then goes on from ") + work.path().string() +
                ", or at once with --skip-damaged");
  } catch (const Error& error) {
    if (!keep()) throw;
    throw Error(error.what() + std::string("; the same command then goes on from ") + work.path().string());
  }
  summary.seconds = seconds_since(start);
  return summary;
}

// One shard's state, checked against the first's.
struct ShardState {
  fs::path directory;
  Json identity;
  FirstPassState pass;
  Shard shard;
};

ShardState read_shard(const fs::path& directory) {
  const std::string where = directory.string();
  const Json state = read_part_state(directory);
  if (!state.is_object()) throw Error(where + ": is no shard (no " + kPartFile + "); ktlm prepare --shard makes them");
  const Json identity = json_get<Json>(state, "identity", where);
  if (json_get_or<int64_t>(identity, "version", 0, where) != kPartVersion ||
      json_get_or<int64_t>(identity, "normalizer_version", 0, where) != text::kNormalizerVersion)
    throw Error(where + ": made by another version of ktlm; run that shard again");
  ShardState shard{.directory = directory,
                   .identity = identity,
                   .pass = first_pass_state_from_json(json_get<Json>(state, "pass", where), where),
                   .shard = {}};
  if (!is_whole_part(directory, state))
    throw Error(where + ": its files are not as " + kPartFile +
                " tells (copied in part?); copy it again, or run that shard again");
  if (!shard.pass.complete) throw Error(where + ": is unfinished; run that shard again");
  const Json numbers = json_get<Json>(shard.identity, "shard", where);
  shard.shard = {json_get<int64_t>(numbers, "number", where), json_get<int64_t>(numbers, "count", where)};
  return shard;
}

std::string name_of(const Shard& shard) { return std::to_string(shard.number) + "/" + std::to_string(shard.count); }

std::vector<ShardState> read_shards(const std::vector<fs::path>& directories) {
  std::vector<ShardState> shards;
  std::set<int64_t> numbers;
  for (const fs::path& directory : directories) {
    const ShardState& shard = shards.emplace_back(read_shard(directory));
    const ShardState& first = shards.front();
    if (shard.shard.count != first.shard.count)
      throw Error(directory.string() + ": is shard " + name_of(shard.shard) + ", but " + first.directory.string() +
                  " is " + name_of(first.shard) + "; merge shards of one division");
    for (const char* key : {"inputs", "files", "settings"}) {
      if (shard.identity[key] != first.identity[key])
        throw Error(directory.string() + ": made with other " + key + " than " + first.directory.string() +
                    "; run that shard again");
    }
    if (!numbers.insert(shard.shard.number).second)
      throw Error(directory.string() + ": shard " + name_of(shard.shard) + " is there twice; name it once");
  }
  for (int64_t number = 1; number <= shards.front().shard.count; ++number) {
    if (!numbers.contains(number))
      throw Error(shards.front().directory.string() + ": shard " + name_of({number, shards.front().shard.count}) +
                  " is missing; run ktlm prepare --shard " + name_of({number, shards.front().shard.count}) +
                  ", or name its directory");
  }
  return shards;
}

}  // namespace

PrepareSummary prepare(const std::vector<std::string>& inputs, const fs::path& out_dir, const PrepareConfig& config,
                       const StopFlag& stop_flag, const ProgressCallback& progress, const WarningCallback& warn) {
  const WarningCallback warn_or_not = warn ? warn : [](const std::string&) {};
  parse_field_paths(config.text_field);
  require_replaceable(out_dir);
  const FirstPassRequest request{
      .files = list_input_files(inputs, out_dir, warn_or_not), .inputs = inputs, .config = config, .shard = {}};
  check_exempting_names(request);
  return run(request, out_dir, stop_flag, progress, warn_or_not,
             [&](WorkDirectory& work, FirstPassState&& state, PrepareSummary& summary) {
               summary.inputs = std::move(state.inputs);
               run_second_pass({work.path()}, config, std::move(state.report), summary, progress,
                               stopping_at(stop_flag));
             });
}

PrepareSummary prepare_shard(const std::vector<std::string>& inputs, const fs::path& out_dir, Shard shard,
                             const PrepareConfig& config, const StopFlag& stop_flag, const ProgressCallback& progress,
                             const WarningCallback& warn) {
  const WarningCallback warn_or_not = warn ? warn : [](const std::string&) {};
  parse_field_paths(config.text_field);
  const fs::path directory = shard_directory(out_dir, shard);
  require_replaceable_shard(directory);
  const FirstPassRequest request{
      .files = list_input_files(inputs, out_dir, warn_or_not), .inputs = inputs, .config = config, .shard = shard};
  check_exempting_names(request);
  if (identity_of(request).is_null()) throw Error("standard input: can't be shared between machines; name files");
  return run(request, directory, stop_flag, progress, warn_or_not,
             [&](WorkDirectory& work, FirstPassState&& state, PrepareSummary& summary) {
               summary.inputs = std::move(state.inputs);
               summary.is_shard = true;
               for (const InputSummary& input : summary.inputs) summary.total += input.counts;
               work.become(directory);
             });
}

PrepareSummary merge_shards(const std::vector<fs::path>& shard_dirs, const fs::path& out_dir,
                            const PrepareConfig& config, const StopFlag& stop_flag, const ProgressCallback& progress) {
  const auto start = std::chrono::steady_clock::now();
  require_replaceable(out_dir);
  const std::vector<ShardState> shards = read_shards(shard_dirs);
  PrepareConfig settled = settings_from(shards.front().identity["settings"], shards.front().directory.string());
  settled.threads = config.threads;
  settled.memory_bytes = config.memory_bytes;

  PrepareSummary summary;
  summary.out_dir = out_dir;
  CorpusReport report(shards.front().pass.inputs.size());
  for (const ShardState& shard : shards) {
    report.merge(shard.pass.report);
    summary.inputs.resize(shard.pass.inputs.size());
    for (size_t i = 0; i < summary.inputs.size(); ++i) {
      summary.inputs[i].name = shard.pass.inputs[i].name;
      summary.inputs[i].files = shard.pass.inputs[i].files;
      for (const auto& [encoding, count] : shard.pass.inputs[i].decoded_files)
        summary.inputs[i].decoded_files[encoding] += count;
      summary.inputs[i].damaged_files += shard.pass.inputs[i].damaged_files;
      summary.inputs[i].counts += shard.pass.inputs[i].counts;
    }
  }
  try {
    run_second_pass(shard_dirs, settled, std::move(report), summary, progress, stopping_at(stop_flag));
  } catch (const Stopped&) {
    summary.stopped = true;
  }
  summary.seconds = seconds_since(start);
  return summary;
}

fs::path partial_directory(const fs::path& out_dir) {
  const fs::path out = without_trailing_slash(out_dir);
  return out.parent_path() / ("." + out.filename().string() + ".partial");
}

fs::path shard_directory(const fs::path& out_dir, Shard shard) {
  return without_trailing_slash(out_dir).string() + ".shard-" + std::to_string(shard.number) + "-of-" +
         std::to_string(shard.count);
}

}  // namespace ktlm::corpus
