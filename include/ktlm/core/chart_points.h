// What turns a long series of measurements into a picture: fewer points that look the same, a smooth line through
// noise, the range worth showing, and round numbers for an axis. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ktlm {

struct ChartPoint {
  double x = 0;
  double y = 0;  // not finite: measured, but no number
};
/// By x, which is finite and does not fall.
using ChartPoints = std::vector<ChartPoint>;

/// Of each of `columns` equal stretches of x the first, the last, the least and the greatest point, and one that is no
/// number: at most five, so that each jump can still be seen.
ChartPoints thin_points(const ChartPoints& points, size_t columns);

/// A running mean, weighted by a triangle over some 5 % of the points, at up to `count` of them; points that are no
/// number are left out. It begins with the first point itself, for a steep beginning must not be bent.
ChartPoints smooth_points(const ChartPoints& points, size_t count);

struct AxisRange {
  double low = 0, high = 1;
};
/// From the least to the greatest value; but values that lie out by more than four times the range of the middle 96 %
/// stay outside, for one such would press all others flat. `low` < `high`, whatever the values are.
AxisRange main_range(std::vector<double> values);

struct AxisTicks {
  double step = 1;
  std::vector<double> at;  // within the range
};
/// At multiples of 1, 2 or 5 times a power of ten; `most` of them, or fewer.
AxisTicks round_ticks(AxisRange range, size_t most);

/// A tick's number with the digits that its step asks for: 0.25 with steps of 0.05 -> "0.25", 1500 -> "1,500",
/// 0.00002 -> "2e-5".
std::string format_tick(double value, double step);
/// Four digits: "3.214", "0.0006", "12,346".
std::string format_measured(double value);

}  // namespace ktlm
