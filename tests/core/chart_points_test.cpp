#include "ktlm/core/chart_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ktlm {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

ChartPoints numbered(size_t count, double (*y)(double)) {
  ChartPoints points;
  for (size_t i = 0; i < count; ++i) points.push_back({static_cast<double>(i), y(static_cast<double>(i))});
  return points;
}

bool holds(const ChartPoints& points, double x, double y) {
  return std::ranges::any_of(points, [&](const ChartPoint& point) { return point.x == x && point.y == y; });
}

std::vector<double> ys(const ChartPoints& points) {
  std::vector<double> values;
  for (const ChartPoint& point : points) values.push_back(point.y);
  return values;
}

TEST(ThinPoints, KeepsEachJumpAndBothEnds) {
  ChartPoints points = numbered(100'000, [](double x) { return std::sin(x); });
  points[54'321].y = 50;
  points[77'777].y = -50;
  const ChartPoints thin = thin_points(points, 200);
  EXPECT_LE(thin.size(), 5 * 200U);
  EXPECT_TRUE(holds(thin, 54'321, 50));
  EXPECT_TRUE(holds(thin, 77'777, -50));
  EXPECT_TRUE(holds(thin, 0, points.front().y));
  EXPECT_TRUE(holds(thin, 99'999, points.back().y));
  EXPECT_TRUE(std::ranges::is_sorted(thin, {}, &ChartPoint::x));
}

TEST(ThinPoints, KeepsThatAValueWasNoNumber) {
  ChartPoints points = numbered(10'000, [](double x) { return x; });
  points[5'000].y = kNaN;
  const ChartPoints thin = thin_points(points, 50);
  EXPECT_EQ(std::ranges::count_if(thin, [](const ChartPoint& point) { return std::isnan(point.y); }), 1);
}

TEST(ThinPoints, LeavesFewPointsAsTheyAre) {
  EXPECT_THAT(ys(thin_points({{1, 3}, {2, 1}, {3, 2}}, 10)), ElementsAre(3, 1, 2));
  EXPECT_EQ(thin_points(numbered(20, [](double) { return 1.0; }), 10).size(), 20U);
  EXPECT_THAT(thin_points({}, 10), testing::IsEmpty());
}

TEST(SmoothPoints, TakesNoiseAwayAndKeepsALine) {
  const ChartPoints noisy = numbered(4'000, [](double x) { return x / 1000 + (std::fmod(x, 2) == 0 ? 1 : -1); });
  const ChartPoints smooth = smooth_points(noisy, 100);
  ASSERT_EQ(smooth.size(), 100U);
  // Its middle: the last points have neighbours on one side alone, the first none.
  for (size_t i = 10; i < 90; ++i) EXPECT_NEAR(smooth[i].y, smooth[i].x / 1000, 0.02);
}

TEST(SmoothPoints, DoesNotBendASteepBeginning) {
  const ChartPoints falling = numbered(1'000, [](double x) { return 10 * std::exp(-x / 20); });
  const ChartPoints smooth = smooth_points(falling, 1'000);
  EXPECT_EQ(smooth.front().y, 10);
  EXPECT_NEAR(smooth[5].y, falling[5].y, 0.2);
}

TEST(SmoothPoints, ASpikeEndsWithItsSurroundings) {
  ChartPoints points = numbered(1'000, [](double) { return 1.0; });
  points[300].y = 1e30;
  const ChartPoints smooth = smooth_points(points, 1'000);
  EXPECT_GT(smooth[300].y, 1e20);
  EXPECT_EQ(smooth[400].y, 1);
}

TEST(SmoothPoints, LeavesOutWhatIsNoNumber) {
  EXPECT_THAT(ys(smooth_points({{0, 1}, {1, kNaN}, {2, 3}}, 10)), ElementsAre(1, 3));
  EXPECT_THAT(smooth_points({{0, kNaN}}, 10), testing::IsEmpty());
}

TEST(MainRange, LeavesOneFarValueOutside) {
  std::vector<double> values(200);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) / 100;
  EXPECT_EQ(main_range(values).high, 1.99);
  values[7] = 1e12;
  EXPECT_LT(main_range(values).high, 20);
  values[7] = 3;  // not far
  EXPECT_EQ(main_range(values).high, 3);
}

TEST(MainRange, IsNeverEmpty) {
  for (const std::vector<double>& values :
       {std::vector<double>{}, {kNaN}, {0}, {0, 0}, {5}, {-5, -5}, {1e308, -1e308}, {1, 1 + 1e-15}, {0, 5e-324}}) {
    const AxisRange range = main_range(values);
    EXPECT_LT(range.low, range.high);
    EXPECT_LE(round_ticks(range, 6).at.size(), 6U);
  }
}

TEST(RoundTicks, AreMultiplesOfOneTwoOrFive) {
  EXPECT_THAT(round_ticks({0, 1}, 6).at, ElementsAre(0, DoubleEq(0.2), 0.4, 0.6, 0.8, 1));
  EXPECT_THAT(round_ticks({2.83, 3.31}, 6).at, ElementsAre(2.9, 3.0, 3.1, 3.2, 3.3));
  EXPECT_THAT(round_ticks({0, 1'000'000}, 6).at, ElementsAre(0, 200'000, 400'000, 600'000, 800'000, 1'000'000));
  EXPECT_THAT(round_ticks({-3, 4}, 4).at, ElementsAre(-2, 0, 2, 4));
  EXPECT_THAT(round_ticks({0, 6e-4}, 5).at, ElementsAre(0, 2e-4, 4e-4, 6e-4));
}

TEST(FormatTick, HasTheDigitsOfItsStep) {
  EXPECT_EQ(format_tick(0.25, 0.05), "0.25");
  EXPECT_EQ(format_tick(3, 0.5), "3.0");
  EXPECT_EQ(format_tick(0, 0.5), "0");
  EXPECT_EQ(format_tick(1500, 500), "1,500");
  EXPECT_EQ(format_tick(4e-4, 2e-4), "0.0004");
  EXPECT_EQ(format_tick(2e-5, 1e-5), "2e-5");
  EXPECT_EQ(format_tick(3e15, 1e15), "3e+15");
}

TEST(FormatMeasured, HasFourDigits) {
  EXPECT_EQ(format_measured(3.21444), "3.214");
  EXPECT_EQ(format_measured(0.0006), "0.0006");
  EXPECT_EQ(format_measured(0.00003), "3e-5");
  EXPECT_EQ(format_measured(1200), "1200");
  EXPECT_EQ(format_measured(12345.6), "12,346");
}

}  // namespace
}  // namespace ktlm
