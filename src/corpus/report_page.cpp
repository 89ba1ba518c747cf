#include "report_page.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "drop_reasons.h"
#include "ktlm/core/html_chart.h"
#include "ktlm/core/html_page.h"
#include "ktlm/core/text_format.h"
#include "report_flow.h"
#include "report_parts.h"

namespace ktlm::corpus {

namespace {

constexpr std::array<const char*, kNumDropStages + 1> kStageNames = {"read", "extracted", "filtered", "deduplicated"};
constexpr size_t kKept = static_cast<size_t>(DropReason::kNone);

std::string share_of(int64_t part, int64_t whole) {
  return whole == 0 ? "–" : format_share(static_cast<double>(part) / static_cast<double>(whole));
}

std::string with_share(int64_t part, int64_t whole) {
  return format_grouped(part) + " (" + share_of(part, whole) + ")";
}

std::string plural(int64_t count, const char* noun) {
  return format_grouped(count) + " " + noun + (count == 1 ? "" : "s");
}

// The reasons of one stage, most frequent first, as "1,234 redirect".
std::vector<std::string> losses_of(const ReportPart& part, DropStage stage) {
  constexpr size_t kMostLines = 4;
  std::vector<DropReason> reasons;
  int64_t sum = 0;
  for (size_t i = 0; i < kNumDropReasons; ++i) {
    const auto reason = static_cast<DropReason>(i);
    if (stage_of(reason) != stage || part.documents(reason) == 0) continue;
    reasons.push_back(reason);
    sum += part.documents(reason);
  }
  std::ranges::stable_sort(reasons, std::ranges::greater{}, [&](DropReason reason) { return part.documents(reason); });
  std::vector<std::string> lines = {"− " + with_share(sum, part.counts.documents_in)};
  int64_t shown = 0;
  for (size_t i = 0; i < reasons.size(); ++i) {
    if (i + 1 == kMostLines && reasons.size() > kMostLines) {
      lines.push_back(format_grouped(sum - shown) + " for other reasons");
      break;
    }
    shown += part.documents(reasons[i]);
    lines.push_back(format_grouped(part.documents(reasons[i])) + " " + drop_reason_name(reasons[i]));
  }
  return lines;
}

Html document_flow(const ReportPart& part) {
  std::vector<FlowStage> stages;
  int64_t left = part.counts.documents_in;
  stages.push_back({kStageNames[0], left, plural(left, "document"), {}});
  for (size_t i = 0; i < kNumDropStages; ++i) {
    const auto stage = static_cast<DropStage>(i);
    for (size_t reason = 0; reason < kNumDropReasons; ++reason) {
      if (stage_of(static_cast<DropReason>(reason)) == stage) left -= part.counts.dropped[reason];
    }
    stages.push_back({kStageNames[i + 1], left, with_share(left, part.counts.documents_in), losses_of(part, stage)});
  }
  return flow_picture("Documents", stages);
}

Html byte_flow(const ReportPart& part) {
  std::array<int64_t, kNumDropStages> lost{};
  int64_t extracted = part.text_bytes[kKept] + part.bytes_cut;
  for (size_t reason = 0; reason < kNumDropReasons; ++reason) {
    const auto stage = stage_of(static_cast<DropReason>(reason));
    lost[static_cast<size_t>(stage)] += part.text_bytes[reason];
    extracted += part.text_bytes[reason];
  }
  const int64_t read = part.counts.bytes_in;
  lost[static_cast<size_t>(DropStage::kDeduplicate)] += part.bytes_cut;
  lost[static_cast<size_t>(DropStage::kExtract)] = std::max<int64_t>(read - extracted, 0);
  std::vector<FlowStage> stages = {{kStageNames[0], read, format_bytes(read) + " after decompression", {}}};
  int64_t left = std::max(read, extracted);  // the repair of many malformed bytes can make a text longer than its file
  for (size_t i = 0; i < kNumDropStages; ++i) {
    left -= lost[i];
    std::vector<std::string> losses = {"− " + format_bytes(lost[i]) + " (" + share_of(lost[i], read) + ")"};
    if (i == 0) losses.push_back("markup, and documents without text");
    if (static_cast<DropStage>(i) == DropStage::kDeduplicate && part.bytes_cut > 0)
      losses.push_back("with " + format_bytes(part.bytes_cut) + " of repeated lines");
    stages.push_back(
        {kStageNames[i + 1], left, format_bytes(left) + " (" + share_of(left, read) + ")", std::move(losses)});
  }
  return flow_picture("Bytes of text (UTF-8)", stages);
}

std::string tick_of(size_t bin) {
  if (bin == 0 || (bin - 1) % LengthHistogram::kBinsPerDecade != 0) return {};
  const int64_t chars = LengthHistogram::first_of(bin);
  return chars < 1'000'000 ? format_grouped(chars) : format_grouped(chars / 1'000'000) + " million";
}

std::string range_of(size_t bin) {
  const std::string first = format_grouped(LengthHistogram::first_of(bin));
  if (bin + 1 == LengthHistogram::kNumBins) return first + " characters or more";
  return first + " to " + format_grouped(LengthHistogram::first_of(bin + 1) - 1) + " characters";
}

// One scale for both, from the power of ten below the shortest to the one above the longest.
Html length_histograms(const ReportPart& part) {
  const auto& [kept, dropped] = part.lengths;
  size_t first = LengthHistogram::kNumBins, last = 0;
  for (size_t bin = 0; bin < LengthHistogram::kNumBins; ++bin) {
    if (kept.count(bin) == 0 && dropped.count(bin) == 0) continue;
    first = std::min(first, bin);
    last = bin;
  }
  if (first > last) return html_element("p", Html::text("No document had a text."), "quiet");
  constexpr size_t kDecade = LengthHistogram::kBinsPerDecade;
  first = first == 0 ? 0 : (first - 1) / kDecade * kDecade + 1;
  last = std::min((last + kDecade - 1) / kDecade * kDecade + 1, LengthHistogram::kNumBins - 1);
  const auto bins_of = [&](const LengthHistogram& lengths) {
    std::vector<HistogramBin> bins;
    for (size_t bin = first; bin <= last; ++bin)
      bins.push_back({static_cast<double>(lengths.count(bin)), range_of(bin), tick_of(bin)});
    return bins;
  };
  Html charts = histogram("Kept documents by their characters", bins_of(kept), 0);
  if (dropped.total() > 0)
    charts += histogram("Dropped documents (that had a text) by their characters", bins_of(dropped), 1);
  return html_element("div", charts, "pair");
}

Html language_histogram(const ReportPart& part) {
  const auto percent = [&](size_t step) { return std::to_string(100 * step / part.hangul_shares.size()); };
  std::vector<HistogramBin> bins;
  int64_t total = 0;
  for (size_t step = 0; step < part.hangul_shares.size(); ++step) {
    const int64_t count = part.hangul_shares[step];
    total += count;
    bins.push_back({static_cast<double>(count), percent(step) + " to " + percent(step + 1) + " %",
                    step % 4 == 0 ? percent(step) + " %" : ""});
  }
  if (total == 0) return html_element("p", Html::text("The filters looked at no document."), "quiet");
  return html_element(
      "div", histogram("Documents that the filters looked at, by the share of Hangul among their letters", bins, 2),
      "pair");
}

// What was replaced or taken out within the documents that were kept.
Html changes_table(const std::vector<ReportPart>& parts, const ReportPart& all) {
  std::vector<std::vector<Html>> rows;
  const auto add = [&](const ReportPart& part) {
    const auto masked = [&](text::PersonalData kind) {
      return Html::text(format_grouped(part.counts.masked[static_cast<size_t>(kind)]));
    };
    rows.push_back({Html::text(part.name), masked(text::PersonalData::kEmail), masked(text::PersonalData::kPhone),
                    masked(text::PersonalData::kResidentNumber), masked(text::PersonalData::kCard),
                    Html::text(format_grouped(part.counts.lines_removed)), Html::text(format_bytes(part.bytes_cut)),
                    Html::text(format_grouped(part.counts.utf8_repairs))});
  };
  for (const ReportPart& part : parts) add(part);
  if (parts.size() > 1) add(all);
  return html_table({{"input"},
                     {"e-mail addresses masked", true},
                     {"telephone numbers", true},
                     {"resident numbers", true},
                     {"card numbers", true},
                     {"repeated lines taken out", true},
                     {"their text", true},
                     {"characters repaired", true}},
                    rows);
}

Html reasons_chart(const ReportPart& part) {
  std::vector<Bar> bars;
  for (size_t i = 0; i < kNumDropReasons; ++i) {
    if (part.counts.dropped[i] == 0) continue;
    const auto reason = static_cast<DropReason>(i);
    Bar bar{.label = drop_reason_name(reason), .parts = std::vector<double>(1 + kNumDropStages), .text = {}};
    bar.parts[1 + static_cast<size_t>(stage_of(reason))] = static_cast<double>(part.counts.dropped[i]);
    bar.text = with_share(part.counts.dropped[i], part.counts.documents_in);
    bars.push_back(std::move(bar));
  }
  if (bars.empty()) return html_element("p", Html::text("None was dropped."), "quiet");
  return bar_chart(bars, {"", "while extracting", "by the filters", "as a duplicate"});
}

Html example_quote(const Example& example, bool has_text) {
  std::string facts = has_text ? plural(example.chars, "character") : "";
  if (example.copies > 1) facts += (facts.empty() ? "" : ", ") + format_grouped(example.copies) + " alike";
  const bool is_cut = example.chars > static_cast<int64_t>(Example::kExcerptChars);
  Html quote = html_element("p", html_element("b", Html::text(example.title.empty() ? "(no title)" : example.title)) +
                                     Html::text(" ") + html_element("span", Html::text(facts), "quiet"));
  if (!example.excerpt.empty()) quote += html_element("p", Html::text(example.excerpt + (is_cut ? " …" : "")));
  return html_element("blockquote", quote) + Html::markup("\n");
}

Html examples_of(const CorpusReport& report, const std::vector<ReportPart>& parts, const ReportPart& all,
                 DropReason reason) {
  const bool has_text = reason == DropReason::kNone || stage_of(reason) != DropStage::kExtract;
  Html body;
  for (const ReportPart& part : parts) {
    if (part.documents(reason) == 0) continue;
    if (parts.size() > 1) {
      body += html_element("h3",
                           Html::text(part.name + ": " + with_share(part.documents(reason), part.counts.documents_in)));
    }
    size_t num_shown = 0;
    for (const auto& [hash, example] : report.at(part.places.front(), reason).examples) {
      if (num_shown++ == CorpusReport::kNumExamples) break;
      body += example_quote(example, has_text);
    }
  }
  const Html line = html_element("b", Html::text(drop_reason_name(reason))) +
                    Html::text(" " + with_share(all.documents(reason), all.counts.documents_in) + " ") +
                    html_element("span", Html::text(describe(reason)), "quiet");
  return html_details(line, body);
}

Html all_examples(const CorpusReport& report, const std::vector<ReportPart>& parts, const ReportPart& all) {
  Html body = html_element(
      "p", Html::text("Up to five for each reason and input, chosen by the hash of their beginning, so at random."),
      "quiet");
  body += examples_of(report, parts, all, DropReason::kNone);
  for (size_t i = 0; i < kNumDropReasons; ++i) {
    if (all.counts.dropped[i] > 0) body += examples_of(report, parts, all, static_cast<DropReason>(i));
  }
  return body;
}

Html inputs_section(const std::vector<ReportPart>& parts) {
  std::vector<std::vector<Html>> rows;
  std::vector<Bar> bars;
  for (const ReportPart& part : parts) {
    const DocumentCounts& counts = part.counts;
    const std::string damaged = part.damaged_files == 0 ? "" : ", " + format_grouped(part.damaged_files) + " damaged";
    rows.push_back({Html::text(part.name), Html::text(format_grouped(part.files) + damaged),
                    Html::text(format_bytes(counts.bytes_in)), Html::text(format_grouped(counts.documents_in)),
                    Html::text(format_grouped(counts.kept)), Html::text(share_of(counts.kept, counts.documents_in)),
                    Html::text(format_bytes(counts.text_bytes))});
    Bar bar{part.name, std::vector<double>(kNumDropStages + 1), share_of(counts.kept, counts.documents_in) + " kept"};
    const auto all = static_cast<double>(std::max<int64_t>(counts.documents_in, 1));
    bar.parts[0] = static_cast<double>(counts.kept) / all;
    for (size_t i = 0; i < kNumDropReasons; ++i)
      bar.parts[1 + static_cast<size_t>(stage_of(static_cast<DropReason>(i)))] +=
          static_cast<double>(counts.dropped[i]) / all;
    bars.push_back(std::move(bar));
  }
  Html body = html_table({{"input"},
                          {"files", true},
                          {"read", true},
                          {"documents", true},
                          {"kept", true},
                          {"share", true},
                          {"text kept", true}},
                         rows);
  if (parts.size() == 1) return body;
  body += bar_chart(bars, {"kept", "dropped while extracting", "dropped by the filters", "dropped as a duplicate"});
  for (const ReportPart& part : parts) {
    body += html_details(html_element("b", Html::text(part.name)), document_flow(part) + byte_flow(part) +
                                                                       length_histograms(part) +
                                                                       language_histogram(part) + reasons_chart(part));
  }
  return body;
}

Html settings_table(const Json& settings, const PrepareSummary& summary) {
  std::vector<std::vector<Html>> rows;
  for (const auto& [name, value] : settings.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : to_json_line(value);
    rows.push_back({Html::text(name), Html::text(text.empty() ? "–" : text)});
  }
  rows.push_back({Html::text("content hash"), Html::text(summary.content_hash)});
  return html_table({{"setting"}, {"value"}}, rows);
}

Html key_figures(const ReportPart& all, const PrepareSummary& summary) {
  const DocumentCounts& counts = all.counts;
  const auto duplicates = [&counts] {
    int64_t sum = 0;
    for (size_t i = 0; i < kNumDropReasons; ++i)
      sum += stage_of(static_cast<DropReason>(i)) == DropStage::kDeduplicate ? counts.dropped[i] : 0;
    return sum;
  }();
  return html_key_figures(
      {{format_grouped(counts.kept), "documents kept",
        share_of(counts.kept, counts.documents_in) + " of " + format_grouped(counts.documents_in)},
       {format_bytes(counts.text_bytes), "text kept",
        share_of(counts.text_bytes, counts.bytes_in) + " of " + format_bytes(counts.bytes_in) + " read"},
       {format_grouped(summary.val.documents), "held out for validation", format_bytes(summary.val.text_bytes)},
       {format_grouped(duplicates), "duplicates", share_of(duplicates, counts.documents_in) + " of the documents"},
       {format_grouped(counts.utf8_repairs), "characters repaired", "malformed UTF-8, now U+FFFD"}});
}

}  // namespace

std::string render_report(const CorpusReport& report, const PrepareSummary& summary, const Json& settings) {
  const std::vector<ReportPart> parts = parts_by_place(report, summary);
  const ReportPart all = all_of(report, summary);
  std::string subtitle;
  for (const ReportPart& part : parts) subtitle += (subtitle.empty() ? "" : ", ") + part.name;
  const Html body =
      key_figures(all, summary) + html_section("From raw files to training text", document_flow(all) + byte_flow(all)) +
      html_section("Lengths", length_histograms(all)) + html_section("Language", language_histogram(all)) +
      html_section("Changes within documents", changes_table(parts, all)) +
      html_section("Why documents were dropped", reasons_chart(all)) + html_section("Inputs", inputs_section(parts)) +
      html_section("Examples", all_examples(report, parts, all)) +
      html_section("Settings", settings_table(settings, summary));
  return html_page("Prepared corpus", subtitle, body);
}

}  // namespace ktlm::corpus
