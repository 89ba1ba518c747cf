#include "ktlm/corpus/prepare.h"

#include <chrono>
#include <functional>
#include <set>
#include <system_error>
#include <utility>

#include "byte_source.h"
#include "first_pass.h"
#include "input_files.h"
#include "ktlm/core/error.h"
#include "ktlm/core/file_lock.h"
#include "ktlm/core/files.h"
#include "manifest.h"
#include "second_pass.h"

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
void complete_first_pass(const PartIdentity& identity, WorkDirectory& work, FirstPassState& state, bool& resumed,
                         const StopFlag& stop_flag, const ProgressCallback& progress, const WarningCallback& warn) {
  Json former = read_part_state(work.path());
  const Json asked = to_json(identity);
  resumed = former.is_object() && !asked.is_null() && former.value("identity", Json()) == asked;
  if (resumed) {
    state = first_pass_state_from_json(former["pass"], (work.path() / kPartFile).string());
  } else {
    if (former.is_object())
      warn(work.path().string() + ": left by a run with other inputs or settings; starting again");
    former = Json::object({{"files", Json::object()}});
  }
  if (state.complete) return;
  PartWriter writer(work.path(), former["files"]);
  run_first_pass(identity, state, writer, stop_flag, progress, warn);
}

PrepareSummary run(const std::vector<std::string>& inputs, const fs::path& out_dir, Shard shard,
                   const PrepareConfig& config, const StopFlag& stop_flag, const ProgressCallback& progress,
                   const WarningCallback& warn) {
  const auto start = std::chrono::steady_clock::now();
  const bool is_whole = shard.count == 1;
  const WarningCallback warn_or_not = warn ? warn : [](const std::string&) {};
  if (is_whole)
    require_replaceable(out_dir);
  else
    require_replaceable_shard(out_dir);
  PartIdentity identity{
      .files = list_input_files(inputs, out_dir, warn_or_not), .inputs = inputs, .config = config, .shard = shard};
  if (!is_whole && to_json(identity).is_null())
    throw Error("standard input: can't be shared between machines; name files");

  FirstPassState state;
  for (const std::string& input : inputs) state.inputs.push_back({.name = display_name(input)});
  for (const InputFile& file : identity.files) ++state.inputs[file.input].files;
  state.num_problems.resize(inputs.size());
  state.report = CorpusReport(inputs.size());

  PrepareSummary summary;
  summary.out_dir = out_dir;
  WorkDirectory work(out_dir);
  try {
    complete_first_pass(identity, work, state, summary.resumed, stop_flag, progress, warn_or_not);
    summary.inputs = std::move(state.inputs);
    if (is_whole) {
      run_second_pass({work.path()}, config, std::move(state.report), summary, progress, stopping_at(stop_flag));
    } else {
      for (const InputSummary& input : summary.inputs) summary.total += input.counts;
      work.become(out_dir);
    }
  } catch (const Stopped&) {
    summary.stopped = true;
    summary.can_go_on = !to_json(identity).is_null();
    if (summary.can_go_on) work.keep();
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
  ShardState shard{.directory = directory,
                   .identity = json_get<Json>(state, "identity", where),
                   .pass = first_pass_state_from_json(json_get<Json>(state, "pass", where), where),
                   .shard = {}};
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
    for (const char* key : {"inputs", "settings"}) {
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
  return run(inputs, out_dir, Shard{}, config, stop_flag, progress, warn);
}

PrepareSummary prepare_shard(const std::vector<std::string>& inputs, const fs::path& out_dir, Shard shard,
                             const PrepareConfig& config, const StopFlag& stop_flag, const ProgressCallback& progress,
                             const WarningCallback& warn) {
  return run(inputs, shard_directory(out_dir, shard), shard, config, stop_flag, progress, warn);
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
