#include "report.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "error_message.h"

namespace ktlm::corpus {
namespace {

struct Sample {
  size_t input;
  DropReason reason;
  std::string title, text;
};

// Documents of many lengths, some of them copies of others.
std::vector<Sample> samples(size_t count) {
  std::mt19937 random(7);
  std::vector<Sample> documents;
  for (size_t i = 0; i < count; ++i) {
    const size_t which = random() % (count / 2);
    const auto reason =
        std::vector{DropReason::kNone, DropReason::kNone, DropReason::kTooShort, DropReason::kRedirect}[which % 4];
    std::string text = std::to_string(which) + ": ";
    for (size_t length = which * which % 977; length > 0; --length) text += "가나다 ";
    documents.push_back({which % 3, reason, "제목 " + std::to_string(which), text});
  }
  return documents;
}

void add_all(CorpusReport& report, const std::vector<Sample>& documents) {
  for (const Sample& document : documents) report.add(document.input, document.reason, document.title, document.text);
}

TEST(LengthHistogram, CutsEachPowerOfTenIntoTen) {
  EXPECT_EQ(LengthHistogram::bin_of(0), 0U);
  EXPECT_EQ(LengthHistogram::bin_of(9), 0U);
  EXPECT_EQ(LengthHistogram::bin_of(10), 1U);
  EXPECT_EQ(LengthHistogram::bin_of(12), 1U);
  EXPECT_EQ(LengthHistogram::bin_of(13), 2U);
  EXPECT_EQ(LengthHistogram::bin_of(999), 20U);
  EXPECT_EQ(LengthHistogram::bin_of(1000), 21U);
  EXPECT_EQ(LengthHistogram::first_of(21), 1000);
  EXPECT_EQ(LengthHistogram::bin_of(int64_t{1} << 60), LengthHistogram::kNumBins - 1);
  for (size_t bin = 0; bin < LengthHistogram::kNumBins; ++bin)
    EXPECT_EQ(LengthHistogram::bin_of(LengthHistogram::first_of(bin)), bin);
}

TEST(CorpusReport, CountsCharactersAndBytesOfWhatHadAText) {
  CorpusReport report(1);
  report.add(0, DropReason::kNone, "", "가나다라마바사아자차카타파");  // 13 characters in 39 bytes
  report.add(0, DropReason::kRedirect, "서울", "#넘겨주기 [[서울특별시]]");
  EXPECT_EQ(report.at(0, DropReason::kNone).text_bytes, 39);
  EXPECT_EQ(report.at(0, DropReason::kNone).lengths.count(LengthHistogram::bin_of(13)), 1);
  EXPECT_EQ(report.at(0, DropReason::kRedirect).text_bytes, 0);
  EXPECT_EQ(report.at(0, DropReason::kRedirect).lengths.total(), 0);
  EXPECT_EQ(report.at(0, DropReason::kRedirect).examples.begin()->second.excerpt, "#넘겨주기 [[서울특별시]]");
}

TEST(CorpusReport, ShowsTheSameExamplesWhateverTheOrder) {
  std::vector<Sample> documents = samples(2000);
  CorpusReport report(3), shuffled(3);
  add_all(report, documents);
  std::shuffle(documents.begin(), documents.end(), std::mt19937(1));
  add_all(shuffled, documents);
  EXPECT_EQ(report.to_json(), shuffled.to_json());
  EXPECT_EQ(report.at(0, DropReason::kTooShort).examples.size(), CorpusReport::kNumExamples);
}

TEST(CorpusReport, MergedShardsAreTheReportOfOneRun) {
  const std::vector<Sample> documents = samples(2000);
  CorpusReport whole(3), merged(3);
  add_all(whole, documents);
  for (size_t shard = 0; shard < 4; ++shard) {
    CorpusReport part(3);
    for (size_t i = shard; i < documents.size(); i += 4) {
      add_all(part, {documents[i]});
      for (CorpusReport* report : {&part, &whole}) report->add_hangul_share(i % 3, static_cast<double>(i % 101) / 100);
    }
    merged.merge(CorpusReport::from_json(parse_json(part.to_json().dump(), "shard"), "shard"));
  }
  EXPECT_EQ(merged.to_json(), whole.to_json());
}

TEST(CorpusReport, ChangedDocumentCountsAsIfItHadBeenDroppedAtOnce) {
  const std::vector<Sample> documents = samples(400);
  CorpusReport report(3), expected(3);
  add_all(report, documents);
  for (size_t i = 0; i < documents.size(); ++i) {
    const auto& [input, reason, title, text] = documents[i];
    const bool is_copy = reason == DropReason::kNone && i % 3 == 0;
    expected.add(input, is_copy ? DropReason::kDuplicate : reason, title, text);
    if (is_copy) report.change_kept(input, DropReason::kDuplicate, title, text.substr(0, 1000), size_of(text), {});
  }
  for (size_t input = 0; input < 3; ++input) {
    for (const DropReason reason : {DropReason::kNone, DropReason::kDuplicate}) {
      const ReasonReport &got = report.at(input, reason), &want = expected.at(input, reason);
      EXPECT_EQ(got.text_bytes, want.text_bytes);
      for (size_t bin = 0; bin < LengthHistogram::kNumBins; ++bin)
        EXPECT_EQ(got.lengths.count(bin), want.lengths.count(bin)) << bin;
      auto got_example = got.examples.begin();
      auto want_example = want.examples.begin();
      for (size_t i = 0; i < CorpusReport::kNumExamples; ++i, ++got_example, ++want_example) {
        ASSERT_NE(got_example, got.examples.end());
        EXPECT_EQ(got_example->second.title, want_example->second.title);
        EXPECT_EQ(got_example->second.copies, want_example->second.copies);
      }
    }
  }
}

TEST(CorpusReport, ShortenedDocumentMovesToItsNewLength) {
  CorpusReport report(1);
  report.add(0, DropReason::kNone, "", std::string(500, 'a'));
  report.change_kept(0, DropReason::kNone, "", std::string(500, 'a'), {500, 500}, {100, 100});
  EXPECT_EQ(report.at(0, DropReason::kNone).text_bytes, 100);
  EXPECT_EQ(report.at(0, DropReason::kNone).lengths.count(LengthHistogram::bin_of(500)), 0);
  EXPECT_EQ(report.at(0, DropReason::kNone).lengths.count(LengthHistogram::bin_of(100)), 1);
  EXPECT_EQ(report.bytes_cut(0), 400);
}

TEST(CorpusReport, ExcerptIsCutBetweenCharactersAndRepaired) {
  CorpusReport report(1);
  std::string text;
  for (int i = 0; i < 300; ++i) text += "가";
  report.add(0, DropReason::kNone, "", text);
  report.add(0, DropReason::kNotUtf8, "", std::string(5000, '\xb0'));
  EXPECT_EQ(report.at(0, DropReason::kNone).examples.begin()->second.excerpt, text.substr(0, 600));
  EXPECT_EQ(report.at(0, DropReason::kNotUtf8).examples.begin()->second.excerpt.substr(0, 6), "��");
}

TEST(CorpusReport, InputsBeyondTheLastPlaceShareIt) {
  CorpusReport report(10'000);
  EXPECT_EQ(report.num_places(), CorpusReport::kMaxInputs);
  report.add(CorpusReport::kMaxInputs - 1, DropReason::kNone, "", "하나");
  report.add(9'999, DropReason::kNone, "", "둘");
  EXPECT_EQ(report.at(CorpusReport::kMaxInputs - 1, DropReason::kNone).lengths.total(), 2);
}

TEST(CorpusReport, SaysWhereItsJsonIsDamaged) {
  const auto error_of = [](const char* json) {
    return test::error_message([&] { CorpusReport::from_json(parse_json(json, "part.state"), "part.state"); });
  };
  const std::string damaged =
      "part.state: not the report of a prepare run (damaged?); remove the folder and start again";
  EXPECT_EQ(error_of(R"({"inputs": []})"), damaged);
  EXPECT_EQ(error_of(R"({"inputs": [{"bytes_cut": 0, "hangul_shares": [1, 2], "reasons": {}}]})"), damaged);
  EXPECT_EQ(error_of(R"({"inputs": [{"bytes_cut": 0, "hangul_shares": [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],
                        "reasons": {"kept": {"text_bytes": 1, "lengths": [[99, 1]],
                        "examples": []}}}]})"),
            damaged);
  EXPECT_EQ(error_of(R"({})"), "part.state: key \"inputs\" is missing");
}

}  // namespace
}  // namespace ktlm::corpus
