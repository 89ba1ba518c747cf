#include "prepare_verb.h"

#include <algorithm>
#include <cstdio>

#include "config_sections.h"
#include "console.h"
#include "ktlm/core/text_format.h"
#include "ktlm/corpus/prepare.h"

namespace ktlm::cli {

namespace {

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

// "; 3 files decoded from CP949"
std::string decoded_text(const corpus::InputSummary& input) {
  std::string text;
  for (const auto& [encoding, count] : input.decoded_files) {
    text += "; " + std::to_string(count) + (count == 1 ? " file" : " files") + " decoded from " + encoding;
  }
  return text;
}

std::string split_text(const char* name, const corpus::SplitSummary& split) {
  return std::string(name) + " " + std::to_string(split.documents) + " documents, " + format_bytes(split.text_bytes) +
         " of text";
}

std::string summary_text(const corpus::PrepareSummary& summary) {
  std::string text = " documents       kept    dropped  input\n";
  for (const corpus::InputSummary& input : summary.inputs)
    text += table_row(input.counts, input.name, decoded_text(input));
  if (summary.inputs.size() > 1) text += table_row(summary.total, "total");
  text += summary.out_dir.string() + ": " + split_text("train", summary.train) + "; " + split_text("val", summary.val) +
          "\n";
  return text;
}

std::string speed_text(const corpus::PrepareSummary& summary) {
  const double bytes_per_second = static_cast<double>(summary.total.bytes_in) / std::max(summary.seconds, 1e-3);
  return format_bytes(summary.total.bytes_in) + " in " + format_seconds(summary.seconds) + ", " +
         format_bytes(static_cast<int64_t>(bytes_per_second)) + "/s";
}

}  // namespace

int run_prepare(const PrepareArguments& arguments, Console& console) {
  ConfigTree tree = load_config_tree(arguments.config_files, arguments.overrides);
  for (const std::string& assignment : arguments.option_overrides) tree.add_override(assignment);
  const auto config = load_section<corpus::PrepareConfig>(tree, "prepare");

  const corpus::PrepareSummary summary = corpus::prepare(arguments.inputs, arguments.out_dir, config,
                                                         console.stop_flag(), console.progress(), console.warnings());
  if (summary.stopped) {
    console.note("stopped; " + arguments.out_dir + " is as it was");
    return console.exit_code();
  }
  console.print(arguments.json ? to_json_line(to_json(summary)) : summary_text(summary));
  console.note(speed_text(summary));
  return console.exit_code();
}

}  // namespace ktlm::cli
