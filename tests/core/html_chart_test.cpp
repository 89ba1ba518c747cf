#include "ktlm/core/html_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ktlm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(BarChart, DrawsPartsBehindEachOtherOnOneScale) {
  const std::string chart = bar_chart({{"a", {30, 10}, "40"}, {"b", {0, 80}, "80"}}, {"kept", "dropped"}).str();
  EXPECT_THAT(chart, HasSubstr("<rect x=\"0%\" width=\"37.5%\" height=\"16\" rx=\"3\" class=\"c0\"/>"
                               "<rect x=\"37.5%\" width=\"12.5%\" height=\"16\" rx=\"3\" class=\"c1\"/>"));
  EXPECT_THAT(chart, HasSubstr("<rect x=\"0%\" width=\"100%\" height=\"16\" rx=\"3\" class=\"c1\"/>"));
  EXPECT_THAT(chart, HasSubstr("kept"));
}

TEST(BarChart, ShowsTheSmallestPartAndNothingForZero) {
  EXPECT_THAT(bar_chart({{"a", {1}, ""}, {"b", {1'000'000}, ""}}).str(), HasSubstr("width=\"0.1%\""));
  EXPECT_THAT(bar_chart({{"a", {0}, ""}}).str(), Not(HasSubstr("class=\"c0\"")));
}

TEST(Histogram, ScalesToARoundCount) {
  const std::string chart =
      histogram("lengths", {{430, "1 to 9", "1"}, {0, "10 to 99", "10"}, {86, "100 to 999", "100"}}).str();
  EXPECT_THAT(chart, HasSubstr(">400</text>"));
  EXPECT_THAT(chart, HasSubstr(">600</text>"));
  EXPECT_THAT(chart, Not(HasSubstr(">800</text>")));
  EXPECT_THAT(chart, HasSubstr("<title>1 to 9: 430</title>"));
  EXPECT_THAT(chart, Not(HasSubstr("10 to 99")));
}

TEST(Histogram, EscapesNames) {
  const std::string chart = histogram("</title><b>", {{1, "</title><b>", "</title><b>"}}).str();
  EXPECT_THAT(chart, Not(HasSubstr("<b>")));
  EXPECT_THAT(bar_chart({{"<b>", {1}, "<b>"}}, {"<b>", "<b>"}).str(), Not(HasSubstr("<b>")));
}

TEST(SvgNumber, KeepsTenths) {
  EXPECT_EQ(svg_number(40), "40");
  EXPECT_EQ(svg_number(12.26), "12.3");
  EXPECT_EQ(svg_number(-0.52), "-0.5");
  EXPECT_EQ(svg_number(-0.01), "0");
}

}  // namespace
}  // namespace ktlm
