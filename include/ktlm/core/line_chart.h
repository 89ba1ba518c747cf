// Lines over a common x axis for html_page, as inline SVG: axes with round numbers, gaps where a value is no number,
// values when pointed at. Long series are thinned, so that a chart stays within some ten kilobytes a line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ktlm/core/chart_points.h"
#include "ktlm/core/html_page.h"

namespace ktlm {

enum class LineStyle {
  kPlain,   // through each point
  kSmooth,  // a running mean, before the points themselves, which are faint: for values that jump
  kMarked,  // with a dot on each point: for few
};

struct ChartLine {
  std::string name;  // for the legend and the values
  ChartPoints points;
  size_t colour = 0;  // a series' number; beyond kNumChartColours they begin again, dashed
  LineStyle style = LineStyle::kPlain;
};

struct LineChart {
  std::string title;  // with the unit of y
  std::string x_name;
  std::vector<ChartLine> lines;
  std::optional<AxisRange> x_range;  // none: from the first point to the last; else all points lie within
  bool from_zero = false;            // the y axis begins at 0 where no value is below
  bool in_bytes = false;             // y counts bytes
  bool has_legend = true;            // above, where there are several lines
  bool wide = false;                 // over the whole page; else half of it
};

/// Values far from all others (main_range) become marks at the
/// edge, and a note says how far they go. Nothing where no line has a number.
Html line_chart(const LineChart& chart);

/// For several charts of the same lines, beside them.
Html line_legend(const std::vector<ChartLine>& lines);

/// A short line in the series' colour, for text beside a chart.
Html line_swatch(size_t colour);

}  // namespace ktlm
