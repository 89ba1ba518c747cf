#include "ktlm/core/line_chart.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "ktlm/core/html_chart.h"
#include "ktlm/core/text_format.h"

namespace ktlm {

namespace {

Html m(std::string trusted) { return Html::markup(std::move(trusted)); }

// "l2 dash1": the colours come again, dashed.
std::string stroke_class(size_t colour) {
  const size_t turn = std::min<size_t>(colour / kNumChartColours, 2);
  return "l" + std::to_string(colour % kNumChartColours) + (turn == 0 ? "" : " dash" + std::to_string(turn));
}

std::string fill_class(size_t colour) { return "c" + std::to_string(colour % kNumChartColours); }

// Where the axes are, in units of the SVG, and what they measure.
struct Plot {
  double width, height;
  AxisRange x, y;
  static constexpr double kLeft = 58, kRight = 24, kTop = 8, kBottom = 36;

  double right() const { return width - kRight; }
  double base() const { return height - kBottom; }
  double x_at(double value) const { return kLeft + (right() - kLeft) * (value - x.low) / (x.high - x.low); }
  // What lies outside is put on the edge.
  double y_at(double value) const {
    return base() - (base() - kTop) * (std::clamp(value, y.low, y.high) - y.low) / (y.high - y.low);
  }
  bool is_outside(double value) const { return value < y.low || value > y.high; }
};

std::string y_tick(const LineChart& chart, double value, double step) {
  return chart.in_bytes ? format_bytes(std::llround(value)) : format_tick(value, step);
}

std::string y_value(const LineChart& chart, double value) {
  return chart.in_bytes ? format_bytes(std::llround(value)) : format_measured(value);
}

Plot make_plot(const LineChart& chart) {
  Plot plot{.width = chart.wide ? 900.0 : 440.0, .height = chart.wide ? 300.0 : 220.0, .x = {}, .y = {}};
  std::vector<double> values;
  double first = std::numeric_limits<double>::infinity(), last = -first;
  for (const ChartLine& line : chart.lines) {
    for (const ChartPoint& point : line.points) {
      values.push_back(point.y);
      first = std::min(first, point.x);
      last = std::max(last, point.x);
    }
  }
  const bool none_below_zero = std::ranges::none_of(values, [](double value) { return value < 0; });
  const AxisRange x = chart.x_range.value_or(AxisRange{first, last});
  plot.x = x.high > x.low ? x : main_range({first});
  plot.y = main_range(std::move(values));
  const double margin = 0.04 * (plot.y.high - plot.y.low);
  plot.y.low = chart.from_zero && none_below_zero ? 0 : plot.y.low - margin;
  plot.y.high += margin;
  return plot;
}

Html draw_axes(const LineChart& chart, const Plot& plot) {
  std::string svg;
  const bool is_short = format_grouped(std::llround(plot.x.high)).size() < 8;  // labels stay apart
  const AxisTicks rows = round_ticks(plot.y, 7), columns = round_ticks(plot.x, chart.wide ? 11 : is_short ? 7 : 6);
  for (const double value : rows.at) {
    const std::string y = svg_number(plot.y_at(value));
    svg += "<line class=\"grid\" x1=\"" + svg_number(Plot::kLeft) + "\" x2=\"" + svg_number(plot.right()) + "\" y1=\"" +
           y + "\" y2=\"" + y + "\"/><text text-anchor=\"end\" x=\"" + svg_number(Plot::kLeft - 6) + "\" y=\"" +
           svg_number(plot.y_at(value) + 4) + "\">" + y_tick(chart, value, rows.step) + "</text>\n";
  }
  svg += "<path class=\"axis\" d=\"M" + svg_number(Plot::kLeft) + " " + svg_number(plot.base()) + "H" +
         svg_number(plot.right()) + "\"/>\n";
  for (const double value : columns.at) {
    const std::string label = format_tick(value, columns.step);
    const double x = plot.x_at(value), half_width = 3.2 * static_cast<double>(label.size());
    const bool is_at_edge = x + half_width > plot.width;
    svg += "<path class=\"axis\" d=\"M" + svg_number(x) + " " + svg_number(plot.base()) + "v4\"/><text text-anchor=\"" +
           (is_at_edge ? "end" : "middle") + "\" x=\"" + svg_number(is_at_edge ? plot.width : x) + "\" y=\"" +
           svg_number(plot.base() + 16) + "\">" + label + "</text>\n";
  }
  return m(svg + "<text text-anchor=\"end\" x=\"" + svg_number(plot.right()) + "\" y=\"" + svg_number(plot.height - 4) +
           "\">") +
         Html::text(chart.x_name) + m("</text>\n");
}

// A line through the points, with a gap for each that is no number.
std::string line_path(const Plot& plot, const ChartPoints& points) {
  std::string path;
  bool is_open = false;
  for (size_t i = 0; i < points.size(); ++i) {
    if (!std::isfinite(points[i].y)) {
      is_open = false;
      continue;
    }
    path += (is_open ? "L" : "M") + svg_number(plot.x_at(points[i].x)) + " " + svg_number(plot.y_at(points[i].y));
    const bool is_alone = !is_open && (i + 1 == points.size() || !std::isfinite(points[i + 1].y));
    if (is_alone) path += "h0";  // a dot, for the line's ends are round
    is_open = true;
  }
  return path;
}

std::string dots_path(const Plot& plot, const ChartPoints& points) {
  std::string path;
  for (const ChartPoint& point : points) {
    if (std::isfinite(point.y) && !plot.is_outside(point.y))
      path += "M" + svg_number(plot.x_at(point.x)) + " " + svg_number(plot.y_at(point.y)) + "h0";
  }
  return path;
}

// A triangle at the edge for each point beyond it.
std::string edge_marks(const Plot& plot, const ChartPoints& points) {
  std::string path;
  for (const ChartPoint& point : points) {
    if (!std::isfinite(point.y) || !plot.is_outside(point.y)) continue;
    const bool is_above = point.y > plot.y.high;
    path += "M" + svg_number(plot.x_at(point.x)) + " " + svg_number(plot.y_at(point.y) + (is_above ? -4 : 4)) +
            (is_above ? "l-4 7h8z" : "l-4 -7h8z");
  }
  return path;
}

std::string path_element(const std::string& css_class, const std::string& path) {
  return path.empty() ? "" : "<path class=\"" + css_class + "\" d=\"" + path + "\"/>\n";
}

struct DrawnLine {
  const ChartLine* line;
  ChartPoints points;  // as drawn: smooth or thinned
};

// What a line is drawn from; appends what lies before others, faint, to `behind`.
DrawnLine draw_line(const ChartLine& line, const Plot& plot, size_t num_lines, std::string& behind,
                    std::string& front) {
  // A column is two units wide; where there are many lines, their faint points share the room.
  const auto columns = static_cast<size_t>((plot.right() - Plot::kLeft) / 2);
  DrawnLine drawn{&line, {}};
  if (line.style == LineStyle::kSmooth) {
    const ChartPoints thinned =
        thin_points(line.points, std::max<size_t>(columns / std::max<size_t>(num_lines / 2, 1), 40));
    // Where columns are full, a line between their extremes fills what points would leave in strange strata.
    const bool is_dense = thinned.size() < line.points.size();
    behind += path_element((is_dense ? "noise " : "dots ") + stroke_class(line.colour),
                           is_dense ? line_path(plot, thinned) : dots_path(plot, thinned));
    behind += path_element("edge " + fill_class(line.colour), edge_marks(plot, thinned));
    ChartPoints inside = line.points;  // what is out by far has its mark, and would bend the mean
    std::erase_if(inside, [&](const ChartPoint& point) { return plot.is_outside(point.y); });
    drawn.points = smooth_points(inside, columns);
  } else {
    drawn.points = thin_points(line.points, columns / 2);
    behind += path_element("edge " + fill_class(line.colour), edge_marks(plot, drawn.points));
  }
  front += path_element("line " + stroke_class(line.colour), line_path(plot, drawn.points));
  if (line.style == LineStyle::kMarked)
    front += path_element("marks " + stroke_class(line.colour), dots_path(plot, drawn.points));
  return drawn;
}

// Stripes over the plot that show the values at their place when pointed at; each holds one x at least.
Html draw_values(const LineChart& chart, const Plot& plot, const std::vector<DrawnLine>& drawn) {
  std::vector<double> all, centres;
  for (const DrawnLine& line : drawn)
    for (const ChartPoint& point : line.points) all.push_back(point.x);
  std::ranges::sort(all);
  for (const double x : all)
    if (centres.empty() || plot.x_at(x) - plot.x_at(centres.back()) >= 9) centres.push_back(x);

  Html stripes;
  std::vector<size_t> next(drawn.size(), 0);
  for (size_t i = 0; i < centres.size(); ++i) {
    const bool is_last = i + 1 == centres.size();
    const double end = is_last ? std::numeric_limits<double>::infinity() : (centres[i] + centres[i + 1]) / 2;
    std::string text = chart.x_name + " " + format_measured(centres[i]);
    for (size_t k = 0; k < drawn.size(); ++k) {
      const ChartPoints& points = drawn[k].points;
      const ChartPoint* nearest = nullptr;
      for (size_t& at = next[k]; at < points.size() && points[at].x < end; ++at) {
        const bool is_nearer =
            nearest == nullptr || std::abs(points[at].x - centres[i]) < std::abs(nearest->x - centres[i]);
        if (std::isfinite(points[at].y) && is_nearer) nearest = &points[at];
      }
      if (nearest == nullptr) continue;
      const std::string name = drawn.size() > 1 ? drawn[k].line->name + ": " : "";
      text += "\n" + name + y_value(chart, nearest->y);
    }
    const double left = i == 0 ? Plot::kLeft : plot.x_at((centres[i - 1] + centres[i]) / 2);
    const double right = is_last ? plot.right() : plot.x_at(end);
    stripes +=
        m("<rect class=\"stripe\" x=\"" + svg_number(left) + "\" y=\"" + svg_number(Plot::kTop) + "\" width=\"" +
          svg_number(std::max(right - left, 1.0)) + "\" height=\"" + svg_number(plot.base() - Plot::kTop) + "\">") +
        html_element("title", Html::text(text)) + m("</rect>\n");
  }
  return stripes;
}

// What the picture leaves out, in words.
std::string notes_of(const LineChart& chart, const Plot& plot) {
  int64_t outside = 0, no_number = 0;
  double farthest = 0, distance = 0;
  for (const ChartLine& line : chart.lines) {
    for (const ChartPoint& point : line.points) {
      if (!std::isfinite(point.y)) {
        ++no_number;
      } else if (plot.is_outside(point.y)) {
        ++outside;
        const double beyond = std::max(point.y - plot.y.high, plot.y.low - point.y);
        if (beyond <= distance) continue;
        distance = beyond;
        farthest = point.y;
      }
    }
  }
  std::string notes;
  if (outside > 0) notes = format_grouped(outside) + " outside the picture (▲), as far as " + y_value(chart, farthest);
  if (no_number > 0)
    notes += (notes.empty() ? "" : "; ") + format_grouped(no_number) + " not a number (NaN or infinite)";
  return notes;
}

}  // namespace

Html line_swatch(size_t colour) {
  return m("<svg class=\"swatch\" viewBox=\"0 0 18 12\"><path class=\"line " + stroke_class(colour) +
           "\" d=\"M1 6H17\"/></svg>");
}

Html line_legend(const std::vector<ChartLine>& lines) {
  Html entries;
  for (const ChartLine& line : lines) entries += html_element("span", line_swatch(line.colour) + Html::text(line.name));
  return html_element("div", entries, "legend") + m("\n");
}

Html line_chart(const LineChart& chart) {
  const bool has_number = std::ranges::any_of(chart.lines, [](const ChartLine& line) {
    return std::ranges::any_of(line.points, [](const ChartPoint& point) { return std::isfinite(point.y); });
  });
  if (!has_number) return {};
  const Plot plot = make_plot(chart);
  std::string behind, front;
  std::vector<DrawnLine> drawn;
  for (const ChartLine& line : chart.lines) drawn.push_back(draw_line(line, plot, chart.lines.size(), behind, front));

  const Html picture = m("<svg role=\"img\"" + std::string(chart.wide ? " class=\"wide\"" : "") + " viewBox=\"0 0 " +
                         svg_number(plot.width) + " " + svg_number(plot.height) + "\">\n") +
                       draw_axes(chart, plot) + m(behind + front) + draw_values(chart, plot, drawn) + m("</svg>");
  Html figure =
      html_element("figcaption", html_element("b", Html::text(chart.title)) + Html::text(notes_of(chart, plot)));
  if (chart.has_legend && chart.lines.size() > 1) figure += line_legend(chart.lines);
  figure += chart.wide ? html_element("div", picture, "scroll") : picture;
  return html_element("figure", figure) + m("\n");
}

}  // namespace ktlm
