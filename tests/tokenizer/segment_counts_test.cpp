#include "segment_counts.h"

#include <gtest/gtest.h>

#include <map>

namespace ktlm::tokenizer {
namespace {

using Counts = std::map<std::string, int64_t>;

Counts by_text(const std::vector<SegmentCounts::Segment>& segments) {
  Counts result;
  for (const auto& segment : segments) result[segment.text] += segment.count;
  return result;
}

std::vector<SegmentCounts::Segment> list_segments(std::initializer_list<const char*> texts) {
  SegmentCounts counts;
  for (const char* text : texts) counts.add(text);
  return counts.take();
}

Counts segments_of(std::initializer_list<const char*> texts) { return by_text(list_segments(texts)); }

TEST(SegmentCounts, SpaceOpensTheNextSegment) {
  EXPECT_EQ(segments_of({"책을 읽고 책을"}), (Counts{{"책을", 1}, {"▁읽고", 1}, {"▁책을", 1}}));
}

TEST(SegmentCounts, CountsAcrossTexts) { EXPECT_EQ(segments_of({"물", "물", "불"}), (Counts{{"물", 2}, {"불", 1}})); }

TEST(SegmentCounts, EverySpaceButTheLastStandsAlone) {
  EXPECT_EQ(segments_of({"가   나 "}), (Counts{{"가", 1}, {"▁", 3}, {"▁나", 1}}));
}

TEST(SegmentCounts, DigitsStandAlone) {
  EXPECT_EQ(segments_of({"2024년 30일"}),
            (Counts{{"2", 2}, {"0", 2}, {"4", 1}, {"년", 1}, {"▁", 1}, {"3", 1}, {"일", 1}}));
}

TEST(SegmentCounts, ScriptsAreKeptApart) {
  EXPECT_EQ(segments_of({"학교(學校)에서 PDF를"}),
            (Counts{{"학교", 1}, {"(", 1}, {"學校", 1}, {")", 1}, {"에서", 1}, {"▁PDF", 1}, {"를", 1}}));
}

TEST(SegmentCounts, JamoGoWithSyllablesAndKanaWithHanja) {
  EXPECT_EQ(segments_of({"했ㅋㅋㅋ", "東京の"}), (Counts{{"했ㅋㅋㅋ", 1}, {"東京の", 1}}));
}

TEST(SegmentCounts, NewlinesTabsAndSpaceMarksAreLeftOut) {
  EXPECT_EQ(segments_of({"가\n나\t다▁라\n\n"}), (Counts{{"가", 1}, {"나", 1}, {"다", 1}, {"라", 1}}));
}

TEST(SegmentCounts, SplitParticlesStandWithoutTheirStems) {
  EXPECT_EQ(
      by_text(split_particles(list_segments({"학교에서는 책을 읽었습니다", " 책을 학교"}))),
      (Counts{{"학교", 1}, {"에서", 1}, {"는", 1}, {"▁책", 2}, {"을", 2}, {"▁읽었", 1}, {"습니다", 1}, {"▁학교", 1}}));
}

TEST(SegmentCounts, SplittingParticlesLeavesOtherScriptsWhole) {
  const auto segments = list_segments({"(學校)...!? 「PDF」 ㅋㅋㅋ  \n는 ▁ 2024"});
  EXPECT_EQ(by_text(split_particles(segments)), by_text(segments));
}

TEST(SegmentCounts, LongRunsAreCutBetweenCharacters) {
  std::string run;
  for (int i = 0; i < 1000; ++i) run += "漢";
  SegmentCounts counts;
  counts.add(run);
  size_t bytes = 0;
  for (const auto& segment : counts.take()) {
    EXPECT_LE(segment.text.size(), 256U);
    EXPECT_EQ(segment.text.size() % 3, 0U);
    bytes += segment.text.size() * static_cast<size_t>(segment.count);
  }
  EXPECT_EQ(bytes, run.size());
}

TEST(SegmentCounts, OrderOfTextsChangesNothing) {
  SegmentCounts one, other;
  for (const char* text : {"가 나", "다 라 마", "나 다"}) one.add(text);
  for (const char* text : {"나 다", "가 나", "다 라 마"}) other.add(text);
  const auto a = one.take(), b = other.take();
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].text, b[i].text);
    EXPECT_EQ(a[i].count, b[i].count);
  }
}

}  // namespace
}  // namespace ktlm::tokenizer
