#include "ktlm/core/line_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ktlm {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

LineChart one_line(ChartPoints points, LineStyle style = LineStyle::kPlain) {
  return {.title = "loss", .x_name = "step", .lines = {{"a", std::move(points), 0, style}}};
}

size_t count(const std::string& text, const std::string& part) {
  size_t number = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++number;
  return number;
}

// What the line of the given class is drawn by.
std::string path_of(const std::string& chart, const std::string& css_class) {
  const std::string begin = "<path class=\"" + css_class + "\" d=\"";
  const size_t at = chart.find(begin);
  return at == std::string::npos
             ? ""
             : chart.substr(at + begin.size(), chart.find('"', at + begin.size()) - at - begin.size());
}

TEST(LineChart, HasRoundNumbersOnBothAxesAndTheirNames) {
  const std::string chart = line_chart(one_line({{0, 2.9}, {500, 3.4}, {1'000, 3.1}})).str();
  for (const char* tick : {">3.0<", ">3.4<", ">200<", ">1,000<", ">step<", ">loss<"})
    EXPECT_THAT(chart, HasSubstr(tick));
}

TEST(LineChart, BreaksWhereAValueIsNoNumberAndSaysSo) {
  const std::string chart = line_chart(one_line({{0, 1}, {1, 2}, {2, kNaN}, {3, 2}, {4, 3}})).str();
  EXPECT_EQ(count(path_of(chart, "line l0"), "M"), 2U);
  EXPECT_THAT(chart, HasSubstr("1 not a number (NaN or infinite)"));
  EXPECT_THAT(chart, Not(HasSubstr("nan")));
}

TEST(LineChart, AFarValueBecomesAMarkAtTheEdge) {
  ChartPoints points;
  for (int i = 0; i < 200; ++i) points.push_back({static_cast<double>(i), 1 + 0.01 * (i % 7)});
  points[50].y = 12'345;
  const std::string chart = line_chart(one_line(points, LineStyle::kSmooth)).str();
  EXPECT_THAT(chart, HasSubstr("1 outside the picture (▲), as far as 12,345"));
  EXPECT_THAT(path_of(chart, "edge c0"), testing::StartsWith("M"));
}

TEST(LineChart, SmoothLineLiesOverFaintPoints) {
  ChartPoints points;
  for (int i = 0; i < 100; ++i) points.push_back({static_cast<double>(i), std::sin(i)});
  const std::string chart = line_chart(one_line(points, LineStyle::kSmooth)).str();
  EXPECT_EQ(count(path_of(chart, "dots l0"), "h0"), 100U);
  EXPECT_LT(chart.find("class=\"dots l0\""), chart.find("class=\"line l0\""));
}

TEST(LineChart, StaysSmallForLongSeries) {
  ChartPoints points;
  for (int i = 0; i < 200'000; ++i) points.push_back({static_cast<double>(i), std::sin(1.0 * i * i)});
  LineChart chart = one_line(points, LineStyle::kSmooth);
  chart.wide = true;
  EXPECT_LT(line_chart(chart).str().size(), 60'000U);
}

TEST(LineChart, ShowsTheValuesOfAllLinesWherePointedAt) {
  const LineChart chart = {.title = "loss",
                           .x_name = "step",
                           .lines = {{"training", {{0, 4}, {100, 3.25}}, 0, LineStyle::kPlain},
                                     {"validation", {{100, 3.5}}, 1, LineStyle::kMarked}}};
  EXPECT_THAT(line_chart(chart).str(), HasSubstr("<title>step 100\ntraining: 3.25\nvalidation: 3.5</title>"));
}

TEST(LineChart, SharesColoursBeyondTheSixthButDashesThem) {
  EXPECT_THAT(line_swatch(1).str(), HasSubstr("class=\"line l1\""));
  EXPECT_THAT(line_swatch(7).str(), HasSubstr("class=\"line l1 dash1\""));
  EXPECT_THAT(line_swatch(13).str(), HasSubstr("class=\"line l1 dash2\""));
}

TEST(LineChart, CountsBytesInTheirUnits) {
  LineChart chart = one_line({{0, 1.2e9}, {1, 1.9e9}});
  chart.from_zero = chart.in_bytes = true;
  const std::string page = line_chart(chart).str();
  EXPECT_THAT(page, HasSubstr(">500 MB<"));
  EXPECT_THAT(page, HasSubstr(">0 B<"));
  EXPECT_THAT(page, HasSubstr("\n1.9 GB</title>"));
}

TEST(LineChart, IsNothingWithoutANumber) {
  EXPECT_TRUE(line_chart(one_line({{0, kNaN}})).empty());
  EXPECT_TRUE(line_chart(one_line({})).empty());
  EXPECT_FALSE(line_chart(one_line({{5, 0}})).empty());
}

TEST(LineChart, EscapesNames) {
  LineChart chart = one_line({{0, 1}, {1, 2}});
  chart.title = chart.x_name = chart.lines[0].name = "</title><b>";
  chart.lines.push_back(chart.lines[0]);
  EXPECT_EQ(count(line_chart(chart).str(), "<b>"), 1U);  // the title's own
}

}  // namespace
}  // namespace ktlm
