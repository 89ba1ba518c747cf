#include "ktlm/core/chart_points.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iterator>

#include "ktlm/core/html_page.h"

namespace ktlm {

namespace {

// The points of one column that are kept, by their index.
struct Column {
  static constexpr size_t kNone = static_cast<size_t>(-1);
  size_t first = kNone, last = kNone, least = kNone, greatest = kNone, no_number = kNone;

  void add(const ChartPoints& points, size_t i) {
    const double y = points[i].y;
    if (!std::isfinite(y)) {
      no_number = i;
      return;
    }
    if (first == kNone) first = least = greatest = i;
    last = i;
    if (y < points[least].y) least = i;
    if (y > points[greatest].y) greatest = i;
  }

  void append_to(ChartPoints& kept, const ChartPoints& points) {
    std::array indices = {first, least, greatest, no_number, last};
    std::ranges::sort(indices);
    const auto end = std::unique(indices.begin(), indices.end());
    for (auto at = indices.begin(); at != end && *at != kNone; ++at) kept.push_back(points[*at]);
    *this = {};
  }
};

// A whole multiple of the step, without the dust of 3 * 0.1.
double multiple(double count, double digit, int exponent) {
  return exponent >= 0 ? count * digit * std::pow(10.0, exponent) : count * digit / std::pow(10.0, -exponent);
}

std::string with_decimals(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

// 2e-5, not 2e-05.
std::string with_digits(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
  std::string text = buffer;
  const size_t e = text.find('e');
  if (e != std::string::npos && e + 2 < text.size() && text[e + 2] == '0') text.erase(e + 2, 1);
  return text;
}

// Beyond it double has no exact integers, and digits tell nothing.
constexpr double kLargestGrouped = 1e12;

}  // namespace

ChartPoints thin_points(const ChartPoints& points, size_t columns) {
  if (points.size() <= columns) return points;
  const double begin = points.front().x, width = points.back().x - begin;
  ChartPoints kept;
  Column column;
  size_t current = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const double place = width > 0 ? (points[i].x - begin) / width * static_cast<double>(columns) : 0;
    const size_t index = std::min(static_cast<size_t>(place), columns - 1);
    if (index != current) column.append_to(kept, points);
    current = index;
    column.add(points, i);
  }
  column.append_to(kept, points);
  return kept;
}

ChartPoints smooth_points(const ChartPoints& points, size_t count) {
  ChartPoints finite;
  std::ranges::copy_if(points, std::back_inserter(finite), [](const ChartPoint& p) { return std::isfinite(p.y); });
  if (finite.size() < 2) return finite;
  const size_t last = finite.size() - 1, reach = finite.size() / 40;
  count = std::clamp<size_t>(count, 2, finite.size());
  ChartPoints smooth;
  for (size_t k = 0; k < count; ++k) {
    const size_t i = k * last / (count - 1);
    const size_t before = std::min(reach, i), after = std::min(before, last - i);
    double sum = 0, weights = 0;  // anew for each: what a spike adds would not leave a running sum exactly
    for (size_t j = i - before; j <= i + after; ++j) {
      const double distance = std::abs(static_cast<double>(j) - static_cast<double>(i));
      const double weight = 1 - distance / static_cast<double>(reach + 1);
      sum += weight * finite[j].y;
      weights += weight;
    }
    smooth.push_back({finite[i].x, sum / weights});
  }
  return smooth;
}

AxisRange main_range(std::vector<double> values) {
  // Beyond 1e300 differences could overflow; such a value is as good as infinite.
  std::erase_if(values, [](double value) { return !(std::abs(value) < 1e300); });
  if (values.empty()) return {};
  std::ranges::sort(values);
  AxisRange range = {values.front(), values.back()};
  const size_t cut = values.size() / 50;
  const double low = values[cut], high = values[values.size() - 1 - cut];
  if (cut > 0 && high > low) {
    range.low = std::max(range.low, low - 4 * (high - low));
    range.high = std::min(range.high, high + 4 * (high - low));
  }
  const double magnitude = std::max(std::abs(range.low), std::abs(range.high));
  if (range.high - range.low <= std::max(1e-9 * magnitude, 1e-90)) {  // all alike, also but for rounding
    const double margin = magnitude > 1e-90 ? 0.1 * magnitude : 1;
    range = {range.low - margin, range.high + margin};
  }
  return range;
}

AxisTicks round_ticks(AxisRange range, size_t most) {
  AxisTicks ticks;
  double first = 0, last = 0, digit = 1;
  int exponent = static_cast<int>(std::floor(std::log10((range.high - range.low) / static_cast<double>(most))));
  const auto is_too_fine = [&] {
    ticks.step = multiple(1, digit, exponent);
    first = std::ceil(range.low / ticks.step - 1e-9);
    last = std::floor(range.high / ticks.step + 1e-9);
    return last - first + 1 > static_cast<double>(most);
  };
  while (is_too_fine()) {
    if (digit == 5) {
      digit = 1;
      ++exponent;
    } else {
      digit = digit == 1 ? 2 : 5;
    }
  }
  for (double k = first; k <= last; ++k) ticks.at.push_back(k == 0 ? 0 : multiple(k, digit, exponent));
  return ticks;
}

std::string format_tick(double value, double step) {
  const double magnitude = std::max(std::abs(value), step);
  if (magnitude >= kLargestGrouped) return with_digits(value, 3);
  if (step >= 1) return format_grouped(std::llround(value));
  if (value == 0) return "0";
  if (step < 1e-4) return with_digits(value, 3);
  const int decimals = static_cast<int>(std::ceil(-std::log10(step) - 1e-9));
  return with_decimals(value, decimals);
}

std::string format_measured(double value) {
  const double magnitude = std::abs(value);
  if (magnitude >= 9999.5 && magnitude < kLargestGrouped) return format_grouped(std::llround(value));
  return with_digits(value, 4);
}

}  // namespace ktlm
