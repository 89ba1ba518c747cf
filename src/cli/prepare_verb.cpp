#include "prepare_verb.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "config_sections.h"
#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"
#include "ktlm/corpus/prepare.h"

namespace ktlm::cli {

namespace {

constexpr int64_t kMaxShards = 100'000;

std::string reasons_text(const corpus::DocumentCounts& counts) {
  std::string text;
  for (size_t i = 0; i < corpus::kNumDropReasons; ++i) {
    if (counts.dropped[i] == 0) continue;
    text += std::string(text.empty() ? "" : ", ") + corpus::drop_reason_name(static_cast<corpus::DropReason>(i)) + " " +
            std::to_string(counts.dropped[i]);
  }
  return text;
}

// Numbers first, so that names of any width (Hangul takes two columns) need no padding.
std::string table_row(const corpus::DocumentCounts& counts, const std::string& name, const std::string& notes = {}) {
  char numbers[64];
  std::snprintf(numbers, sizeof numbers, "%10lld %10lld %10lld  ", static_cast<long long>(counts.documents_in),
                static_cast<long long>(counts.kept), static_cast<long long>(counts.num_dropped()));
  const std::string reasons = reasons_text(counts);
  return numbers + name + (reasons.empty() ? "" : "  (" + reasons + ")") + notes + "\n";
}

// "; 3 files decoded from CP949; 1 file damaged"
std::string notes_on_files(const corpus::InputSummary& input) {
  std::string text;
  const auto add = [&text](int64_t count, const std::string& what) {
    text += "; " + std::to_string(count) + (count == 1 ? " file " : " files ") + what;
  };
  for (const auto& [encoding, count] : input.decoded_files) add(count, "decoded from " + encoding);
  if (input.damaged_files > 0) add(input.damaged_files, "damaged");
  return text;
}

std::string split_text(const char* name, const corpus::SplitSummary& split) {
  return std::string(name) + " " + std::to_string(split.documents) + " documents, " + format_bytes(split.text_bytes) +
         " of text";
}

std::string masked_text(const corpus::DocumentCounts& counts) {
  const auto of = [&counts](text::PersonalData kind) {
    return std::to_string(counts.masked[static_cast<size_t>(kind)]);
  };
  if (counts.masked == text::PersonalDataCounts{}) return {};
  return "masked: e-mail addresses " + of(text::PersonalData::kEmail) + ", telephone numbers " +
         of(text::PersonalData::kPhone) + ", resident numbers " + of(text::PersonalData::kResidentNumber) +
         ", card numbers " + of(text::PersonalData::kCard) + "\n";
}

std::string summary_text(const corpus::PrepareSummary& summary) {
  std::string text = " documents       kept    dropped  input\n";
  for (const corpus::InputSummary& input : summary.inputs)
    text += table_row(input.counts, input.name, notes_on_files(input));
  if (summary.inputs.size() > 1) text += table_row(summary.total, "total");
  text += masked_text(summary.total);
  if (summary.is_shard)
    return text + summary.out_dir.string() + ": a shard; duplicates are found when ktlm prepare merge has them all\n";
  text += summary.out_dir.string() + ": " + split_text("train", summary.train) + "; " + split_text("val", summary.val) +
          "\n";
  return text;
}

// What a person may not have meant: a collection of poems or statutes that fails filters made for web pages.
std::vector<std::string> quality_advice(const corpus::PrepareSummary& summary) {
  constexpr double kManyDropped = 0.2;
  std::vector<std::string> advice;
  for (const corpus::InputSummary& input : summary.inputs) {
    int64_t poor = 0;
    for (auto i = static_cast<size_t>(corpus::DropReason::kLanguage);
         i <= static_cast<size_t>(corpus::DropReason::kRepetitiveNgrams); ++i)
      poor += input.counts.dropped[i];
    if (static_cast<double>(poor) > kManyDropped * static_cast<double>(input.counts.documents_in))
      advice.push_back(input.name + ": the quality filters dropped " + std::to_string(poor) + " of " +
                       std::to_string(input.counts.documents_in) + " documents; --quality-off \"" + input.name +
                       "\" keeps them");
  }
  return advice;
}

std::string speed_text(const corpus::PrepareSummary& summary) {
  const double bytes_per_second = static_cast<double>(summary.total.bytes_in) / std::max(summary.seconds, 1e-3);
  return format_bytes(summary.total.bytes_in) + " in " + format_seconds(summary.seconds) + ", " +
         format_bytes(static_cast<int64_t>(bytes_per_second)) + "/s";
}

corpus::Shard parse_shard(const std::string& text) {
  corpus::Shard shard;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, shard.number);
  const bool has_slash = number.ec == std::errc() && number.ptr != end && *number.ptr == '/';
  const auto count = std::from_chars(has_slash ? number.ptr + 1 : end, end, shard.count);
  if (!has_slash || count.ec != std::errc() || count.ptr != end || shard.number < 1 || shard.number > shard.count ||
      shard.count > kMaxShards)
    throw ConfigError("--shard: \"" + text + "\", expected I/N with I from 1 to N (at most " +
                      std::to_string(kMaxShards) + "), such as 3/8");
  return shard;
}

// The directories beside `out_dir` that --shard made for it.
std::vector<std::filesystem::path> find_shards(const std::string& out_dir) {
  namespace fs = std::filesystem;
  // "./data/prepared/" -> "data/prepared.shard-1-of-1"
  const std::string prefix = corpus::shard_directory(fs::path(out_dir).lexically_normal(), {}).string();
  const std::string stem = prefix.substr(0, prefix.size() - std::string_view("1-of-1").size());
  const fs::path parent = fs::path(stem).parent_path();
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent.empty() ? "." : parent, error)) {
    const fs::path path = parent / entry.path().filename();
    if (path.string().starts_with(stem) && entry.is_directory(error)) found.push_back(path);
  }
  std::sort(found.begin(), found.end());
  if (found.empty()) throw Error(stem + "*: no shard; run ktlm prepare --shard first, or name their directories");
  return found;
}

// What a merge takes of all the options: the rest has been done with, by the shards.
void require_merge_options(const PrepareArguments& arguments) {
  if (!arguments.inputs.empty())
    throw ConfigError("merge takes no INPUT (\"" + arguments.inputs.front() +
                      "\"); name directories that --shard made, behind the word merge");
  if (!arguments.shard.empty()) throw ConfigError("--shard: is for making shards, not for merge; leave it out");
  const auto require_open = [](const std::string& key, const std::string& name) {
    if (key != "prepare.threads" && key != "prepare.memory_bytes")
      throw ConfigError(name + ": was settled when the shards were made; leave it out, or make the shards again");
  };
  for (const OptionOverride& setting : arguments.option_overrides) require_open(setting.key, setting.option);
  for (const std::string& setting : arguments.overrides) {
    const std::string key = setting.substr(0, setting.find('='));
    require_open(key, key);
  }
}

corpus::PrepareSummary run_merge(const PrepareArguments& arguments, const corpus::PrepareConfig& config,
                                 Console& console) {
  const std::vector<std::filesystem::path> shards =
      arguments.shard_dirs.empty()
          ? find_shards(arguments.out_dir)
          : std::vector<std::filesystem::path>(arguments.shard_dirs.begin(), arguments.shard_dirs.end());
  return corpus::merge_shards(shards, arguments.out_dir, config, console.stop_flag(), console.progress());
}

// An error about a setting names the option that it was given with.
std::string as_typed(const std::string& message, const std::vector<OptionOverride>& overrides) {
  for (const OptionOverride& setting : overrides)
    if (message.starts_with(setting.key + ":")) return setting.option + message.substr(setting.key.size());
  return message;
}

int prepare_or_merge(const PrepareArguments& arguments, Console& console) {
  ConfigTree tree = load_config_tree(arguments.config_files, arguments.overrides);
  for (const OptionOverride& setting : arguments.option_overrides) tree.add_override(setting.key + "=" + setting.value);
  const auto config = load_section<corpus::PrepareConfig>(tree, "prepare");

  if (arguments.out_dir.empty()) throw ConfigError("--out: is empty (a variable that isn't set?); name a directory");
  if (arguments.merges) require_merge_options(arguments);
  if (!arguments.merges && arguments.inputs.empty()) throw ConfigError("INPUT is required; see ktlm prepare --help");

  const bool is_shard = !arguments.shard.empty();
  const corpus::PrepareSummary summary =
      arguments.merges ? run_merge(arguments, config, console)
      : is_shard ? corpus::prepare_shard(arguments.inputs, arguments.out_dir, parse_shard(arguments.shard), config,
                                         console.stop_flag(), console.progress(), console.warnings())
                 : corpus::prepare(arguments.inputs, arguments.out_dir, config, console.stop_flag(), console.progress(),
                                   console.warnings());
  if (summary.stopped) {
    console.note("stopped; " + summary.out_dir.string() +
                 (std::filesystem::exists(summary.out_dir) ? " is as it was" : " was not made") +
                 (summary.can_go_on ? "; the same command goes on from here" : ""));
    return console.exit_code();
  }
  console.print(arguments.json ? to_json_line(to_json(summary)) : summary_text(summary));
  if (!arguments.merges) {  // which comes too late for it
    for (const std::string& advice : quality_advice(summary)) console.note(advice);
  }
  if (summary.resumed)
    console.note("went on where an earlier run had stopped");
  else if (!arguments.merges)
    console.note(speed_text(summary));
  if (!is_shard) console.note("look at " + (summary.out_dir / "report.html").string());
  return console.exit_code();
}

}  // namespace

int run_prepare(const PrepareArguments& arguments, Console& console) {
  try {
    return prepare_or_merge(arguments, console);
  } catch (const ConfigError& error) {
    throw ConfigError(as_typed(error.what(), arguments.option_overrides));
  }
}

}  // namespace ktlm::cli
