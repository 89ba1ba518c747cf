#include "report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ktlm::corpus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A run and its report, kept in step.
struct ReportedRun {
  explicit ReportedRun(std::vector<std::string> names) : report(names.size()) {
    for (std::string& name : names) summary.inputs.push_back({.name = std::move(name), .files = 1});
  }

  void add(size_t input, DropReason reason, const std::string& title, const std::string& text) {
    report.add(input, reason, title, text);
    DocumentCounts& counts = summary.inputs[input].counts;
    ++counts.documents_in;
    counts.bytes_in += 100 + static_cast<int64_t>(text.size());
    if (reason == DropReason::kNone) {
      ++counts.kept;
      counts.text_bytes += static_cast<int64_t>(text.size());
    } else {
      ++counts.dropped[static_cast<size_t>(reason)];
    }
  }

  std::string page() {
    summary.total = {};
    for (const InputSummary& input : summary.inputs) summary.total += input.counts;
    return render_report(report, summary, {{"min_chars", 20}, {"format", "auto"}});
  }

  CorpusReport report;
  PrepareSummary summary;
};

std::string long_text(const std::string& beginning) { return beginning + std::string(300, 'x'); }

TEST(ReportPage, ShowsHostileDocumentsAsText) {
  const std::string hostile = "</script><img src=x onerror=alert(1)>'\"";
  ReportedRun run({hostile, hostile});
  run.add(0, DropReason::kNone, hostile, long_text(hostile));
  run.add(1, DropReason::kRedirect, hostile, hostile);
  run.add(1, DropReason::kTooShort, hostile, hostile);
  const std::string page = run.page();
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<img")), Not(HasSubstr("</script")), Not(HasSubstr("'\""))));
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&quot;"));
}

TEST(ReportPage, ChartsAreOfOneWidthSoThatTheirLettersAreOfOneSize) {
  ReportedRun run({"a"});
  run.add(0, DropReason::kNone, "글", long_text("가"));
  run.report.add_hangul_share(0, 0.9);
  const std::string page = run.page();
  EXPECT_THAT(page, HasSubstr("<div class=\"pair\"><figure><figcaption>Kept documents"));
  EXPECT_THAT(page, HasSubstr("<div class=\"pair\"><figure><figcaption>Documents that the filters looked at"));
}

TEST(ReportPage, TellsTheFunnelInDocumentsAndBytes) {
  ReportedRun run({"a"});
  for (int i = 0; i < 6; ++i) run.add(0, DropReason::kNone, "글", long_text(std::to_string(i)));
  for (int i = 0; i < 3; ++i) run.add(0, DropReason::kRedirect, "글", "#넘겨주기 [[문서]]");
  run.add(0, DropReason::kTooShort, "글", "짧다");
  const std::string page = run.page();
  EXPECT_THAT(page, AllOf(HasSubstr("10 documents"), HasSubstr("7 (70.0 %)"), HasSubstr("6 (60.0 %)")));
  EXPECT_THAT(page, AllOf(HasSubstr("− 3 (30.0 %)"), HasSubstr("3 redirect"), HasSubstr("1 too_short")));
  EXPECT_THAT(page, AllOf(HasSubstr("− 6 B"), HasSubstr("1.8 kB (")));  // filtered: two syllables; kept: 6 * 301
}

TEST(ReportPage, ShowsExamplesPerReasonAndInput) {
  ReportedRun run({"first.jsonl", "second.jsonl"});
  run.add(0, DropReason::kNone, "하나", long_text("첫째 "));
  run.add(1, DropReason::kTooShort, "둘", "짧은 글");
  run.add(1, DropReason::kTooShort, "둘", "짧은 글");
  const std::string page = run.page();
  EXPECT_THAT(page, HasSubstr("<b>하나</b> <span class=\"quiet\">303 characters</span>"));
  EXPECT_THAT(page, HasSubstr("<b>둘</b> <span class=\"quiet\">4 characters, 2 alike</span></p><p>짧은 글</p>"));
  EXPECT_THAT(page, HasSubstr("<h3>second.jsonl: 2 (100.0 %)</h3>"));
  EXPECT_THAT(page, HasSubstr("The text has fewer characters than min_chars."));
}

TEST(ReportPage, ShowsTheLanguageAndWhatWasChangedWithinDocuments) {
  ReportedRun run({"a.jsonl", "b.jsonl"});
  run.add(0, DropReason::kNone, "글", long_text("가"));
  for (const double share : {0.31, 0.31, 0.31, 0.95, 1.0, -1.0}) run.report.add_hangul_share(0, share);
  run.report.add_hangul_share(1, 0.0);
  DocumentCounts& counts = run.summary.inputs[0].counts;
  counts.masked[static_cast<size_t>(text::PersonalData::kPhone)] = 41;
  counts.lines_removed = 1234;
  const std::string page = run.page();
  EXPECT_THAT(page, AllOf(HasSubstr("30 to 35 %: 3"), HasSubstr("95 to 100 %: 2"), HasSubstr("0 to 5 %: 1")));
  EXPECT_THAT(page, AllOf(HasSubstr("<th class=\"number\">telephone numbers</th>"), HasSubstr(">41</td>"),
                          HasSubstr(">1,234</td>")));
}

TEST(ReportPage, TimeAndPlaceChangeNothing) {
  ReportedRun run({"a"});
  run.add(0, DropReason::kNone, "글", long_text("가"));
  const std::string page = run.page();
  run.summary.seconds = 17;
  run.summary.out_dir = "/elsewhere";
  EXPECT_EQ(run.page(), page);
}

TEST(ReportPage, ManyInputsMakeNoEndlessPage) {
  std::vector<std::string> names;
  for (int i = 0; i < 5000; ++i) names.push_back("folder/" + std::to_string(i) + ".txt");
  ReportedRun run(names);
  for (size_t i = 0; i < names.size(); ++i) run.add(i, DropReason::kNone, "", long_text(std::to_string(i)));
  const std::string page = run.page();
  EXPECT_LT(page.size(), 500'000U);
  EXPECT_THAT(page, AllOf(HasSubstr("4977 more inputs"), HasSubstr("folder/22.txt"), Not(HasSubstr("folder/23.txt"))));
}

TEST(ReportPage, NothingReadIsNoDivisionByZero) {
  ReportedRun run({"empty"});
  EXPECT_THAT(run.page(), AllOf(HasSubstr("None was dropped."), HasSubstr("No document had a text.")));
}

}  // namespace
}  // namespace ktlm::corpus
