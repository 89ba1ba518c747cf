// Charts for html_page: pictures in HTML and inline SVG, in the page's colours. Exact values stand beside the bars or
// appear when one is pointed at.
#pragma once

#include <string>
#include <vector>

#include "ktlm/core/html_page.h"

namespace ktlm {

inline constexpr size_t kNumChartColours = 6;  // series beyond them begin again at the first

struct Bar {
  std::string label;
  std::vector<double> parts;  // stacked, coloured by position; not negative
  std::string text;           // to the right of the bar, such as the value with its unit
};
/// Horizontal bars on one scale that begins at 0. `part_names` become the legend where there are several; an
/// empty one keeps its colour for another chart. `full_width` is the scale's end, such as 1 for shares; 0: the longest
/// bar's.
Html bar_chart(const std::vector<Bar>& bars, const std::vector<std::string>& part_names = {}, double full_width = 0);

struct HistogramBin {
  double count = 0;
  std::string range;  // "1,000 to 1,258 characters", when pointed at
  std::string tick;   // under the bin's left edge; empty: no mark
};
/// Vertical bars side by side, with lines at round counts; `colour` as a series' number.
Html histogram(std::string_view title, const std::vector<HistogramBin>& bins, size_t colour = 0);

/// A length or a coordinate in SVG, in tenths of a unit at most: 12.25 -> "12.3", 40 -> "40".
std::string svg_number(double value);

}  // namespace ktlm
