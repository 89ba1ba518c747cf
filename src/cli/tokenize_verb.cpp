#include "tokenize_verb.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "console.h"
#include "input.h"
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/core/machine.h"
#include "ktlm/core/text_format.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::cli {

namespace {

using tokenizer::StreamCounts;
using tokenizer::Tokenizer;

struct NamedCounts {
  std::string name;
  StreamCounts counts;
};

double bytes_per_token(const StreamCounts& counts) {
  return counts.tokens == 0 ? 0 : static_cast<double>(counts.bytes) / static_cast<double>(counts.tokens);
}

Json to_json(const StreamCounts& counts) {
  return {{"tokens", counts.tokens},
          {"bytes", counts.bytes},
          {"characters", counts.characters},
          {"lines", counts.lines},
          {"bytes_per_token", bytes_per_token(counts)}};
}

Json to_json(const std::vector<NamedCounts>& files, const StreamCounts& total, double seconds) {
  Json object = to_json(total);
  object["seconds"] = seconds;
  object["files"] = Json::array();
  for (const NamedCounts& file : files) {
    Json entry = {{"name", file.name}};
    entry.update(to_json(file.counts));
    object["files"].push_back(std::move(entry));
  }
  return object;
}

std::string table_row(const StreamCounts& counts, const std::string& name) {
  char numbers[128];
  std::snprintf(numbers, sizeof numbers, "%12lld %12lld %12lld %10lld %12.2f  ", static_cast<long long>(counts.tokens),
                static_cast<long long>(counts.bytes), static_cast<long long>(counts.characters),
                static_cast<long long>(counts.lines), bytes_per_token(counts));
  return numbers + name + "\n";
}

std::string to_table(const std::vector<NamedCounts>& files, const StreamCounts& total) {
  std::string text = "      tokens        bytes   characters      lines  bytes/token  file\n";
  for (const NamedCounts& file : files) text += table_row(file.counts, file.name);
  if (files.size() > 1) text += table_row(total, "total");
  return text;
}

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

size_t num_threads(const TokenizeArguments& arguments) {
  return static_cast<size_t>(arguments.threads > 0 ? arguments.threads : num_usable_cores());
}

// A run keeps its tokenizer in a folder of its own.
std::filesystem::path directory_of(const std::filesystem::path& named) {
  std::error_code unknown;  // then what is named is read, which tells what is wrong
  const auto holds_one = [&](const std::filesystem::path& path) {
    return std::filesystem::exists(path / "tokenizer.model", unknown);
  };
  return !holds_one(named) && holds_one(named / "tokenizer") ? named / "tokenizer" : named;
}

}  // namespace

int run_tokenize(const TokenizeArguments& arguments, Console& console) {
  const double start_seconds = now_seconds();
  const Tokenizer tokenizer = Tokenizer::load(directory_of(arguments.tokenizer_dir));
  tokenizer::WriteBytes write;
  if (!arguments.count) write = write_to_stdout;
  std::vector<std::string> paths = arguments.inputs;
  if (paths.empty()) paths.push_back("-");

  std::vector<NamedCounts> files;
  StreamCounts total;
  try {
    for (const std::string& path : paths) {
      Input input(path, console.stop_flag());
      const auto read = [&](char* buffer, size_t size) { return input.read(buffer, size); };
      const StreamCounts counts =
          tokenizer::convert_stream(tokenizer, arguments.format, input.name(), read, write, num_threads(arguments));
      files.push_back({path, counts});
      total += counts;
    }
  } catch (const Stopped&) {
    return console.exit_code();
  }
  if (total.repaired_lines > 0)
    console.note("malformed UTF-8 in " + std::to_string(total.repaired_lines) +
                 (total.repaired_lines == 1 ? " line" : " lines") + " was replaced by U+FFFD");
  if (!arguments.count) return console.exit_code();
  console.print(arguments.json ? to_json_line(to_json(files, total, now_seconds() - start_seconds))
                               : to_table(files, total));
  return console.exit_code();
}

}  // namespace ktlm::cli
