#include "ktlm/core/html_chart.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace ktlm {

namespace {

Html m(std::string trusted) { return Html::markup(std::move(trusted)); }

std::string colour_class(size_t index) { return "c" + std::to_string(index % kNumChartColours); }

// The least of 1, 2, 5, 10, 20, 50 ... that divides `range` into at most four.
double round_step(double range) {
  double step = 1;
  while (range / step > 4) {
    if (range / (step * 2) <= 4) return step * 2;
    if (range / (step * 5) <= 4) return step * 5;
    step *= 10;
  }
  return step;
}

Html legend(const std::vector<std::string>& names) {
  Html entries;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    entries += html_element(
        "span", m("<svg><rect width=\"12\" height=\"12\" rx=\"2\" class=\"" + colour_class(i) + "\"/></svg>") +
                    Html::text(names[i]));
  }
  return html_element("div", entries, "legend") + m("\n");
}

double sum(const std::vector<double>& parts) { return std::accumulate(parts.begin(), parts.end(), 0.0); }

}  // namespace

std::string svg_number(double value) {
  const int64_t tenths = std::llround(value * 10);
  const int64_t magnitude = std::abs(tenths);
  std::string text = (tenths < 0 ? "-" : "") + std::to_string(magnitude / 10);
  if (magnitude % 10 != 0) text += "." + std::to_string(magnitude % 10);
  return text;
}

Html bar_chart(const std::vector<Bar>& bars, const std::vector<std::string>& part_names, double full_width) {
  double longest = full_width;
  for (const Bar& bar : bars) longest = std::max(longest, sum(bar.parts));
  Html rows;
  for (const Bar& bar : bars) {
    // Percentages, so that the bars take the width there is; the labels are HTML, which breaks long ones into lines.
    std::string svg = "<svg role=\"img\"><rect width=\"100%\" height=\"16\" rx=\"3\" class=\"track\"/>";
    double before = 0;
    for (size_t i = 0; i < bar.parts.size(); ++i) {
      if (bar.parts[i] <= 0) continue;
      const double left = 100 * before / longest;
      const double right = 100 * (before + bar.parts[i]) / longest;
      before += bar.parts[i];
      svg += "<rect x=\"" + svg_number(left) + "%\" width=\"" + svg_number(std::max(right - left, 0.1)) +
             "%\" height=\"16\" rx=\"3\" class=\"" + colour_class(i) + "\"/>";
    }
    rows += html_element("div", Html::text(bar.label), "label") + m(svg + "</svg>") +
            html_element("div", Html::text(bar.text), "value") + m("\n");
  }
  const Html chart = html_element("div", rows, "bars") + m("\n");
  return part_names.size() > 1 ? legend(part_names) + chart : chart;
}

Html histogram(std::string_view title, const std::vector<HistogramBin>& bins, size_t colour) {
  constexpr double kWidth = 480, kHeight = 190, kLeft = 52, kRight = 12, kTop = 10, kBottom = 24;
  double highest = 1;
  for (const HistogramBin& bin : bins) highest = std::max(highest, bin.count);
  const double step = round_step(highest);
  const double top_count = std::ceil(highest / step) * step;
  const double base = kHeight - kBottom;
  const auto y = [&](double count) { return base - (base - kTop) * count / top_count; };

  Html svg;
  for (double count = 0; count <= top_count; count += step) {
    const std::string height = svg_number(y(count));
    svg += m("<line class=\"grid\" x1=\"" + svg_number(kLeft) + "\" x2=\"" + svg_number(kWidth - kRight) + "\" y1=\"" +
             height + "\" y2=\"" + height + "\"/><text text-anchor=\"end\" x=\"" + svg_number(kLeft - 6) + "\" y=\"" +
             svg_number(y(count) + 4) + "\">" + format_grouped(std::llround(count)) + "</text>\n");
  }
  const double width = (kWidth - kLeft - kRight) / static_cast<double>(std::max<size_t>(bins.size(), 1));
  for (size_t i = 0; i < bins.size(); ++i) {
    const double x = kLeft + width * static_cast<double>(i);
    if (bins[i].count > 0) {
      const double height = std::max(base - y(bins[i].count), 1.0);  // the rarest can still be seen
      svg += m("<rect class=\"" + colour_class(colour) + "\" x=\"" + svg_number(x + 0.5) + "\" y=\"" +
               svg_number(base - height) + "\" width=\"" + svg_number(std::max(width - 1, 0.5)) + "\" height=\"" +
               svg_number(height) + "\">") +
             html_element("title", Html::text(bins[i].range + ": " + format_grouped(std::llround(bins[i].count)))) +
             m("</rect>\n");
    }
    if (!bins[i].tick.empty()) {
      svg += m("<line class=\"grid\" x1=\"" + svg_number(x) + "\" x2=\"" + svg_number(x) + "\" y1=\"" +
               svg_number(base) + "\" y2=\"" + svg_number(base + 5) + "\"/><text text-anchor=\"middle\" x=\"" +
               svg_number(x) + "\" y=\"" + svg_number(base + 17) + "\">") +
             Html::text(bins[i].tick) + m("</text>\n");
    }
  }
  return html_element("figure", html_element("figcaption", Html::text(title)) +
                                    m("<svg role=\"img\" viewBox=\"0 0 " + svg_number(kWidth) + " " +
                                      svg_number(kHeight) + "\">\n") +
                                    svg + m("</svg>")) +
         m("\n");
}

}  // namespace ktlm
