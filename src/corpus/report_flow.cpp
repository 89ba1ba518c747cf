#include "report_flow.h"

#include <algorithm>

#include "ktlm/core/html_chart.h"

namespace ktlm::corpus {

namespace {

// In the picture's own units; it is scaled to the page's width.
constexpr double kWidth = 920, kTop = 44, kFlowHeight = 130, kBottom = kTop + kFlowHeight, kLineHeight = 14;
constexpr double kPost = 10;             // the bar at a stage
constexpr double kLastLabelWidth = 130;  // the last stage's label stands to the right of its bar's left edge

Html m(std::string trusted) { return Html::markup(std::move(trusted)); }

Html label(double x, double y, const std::string& text, const char* css_class = "") {
  return m("<text x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" class=\"" + css_class + "\">") +
         Html::text(text) + m("</text>\n");
}

std::string rect(double x, double y, double width, double height, const std::string& css_class) {
  return "<rect x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" width=\"" + svg_number(width) + "\" height=\"" +
         svg_number(height) + "\" class=\"" + css_class + "\"/>\n";
}

// A band of one height from the left edge's y to the right edge's.
std::string band(double x0, double y0, double x1, double y1, double height, const std::string& css_class) {
  const std::string middle = svg_number((x0 + x1) / 2);
  const auto curve = [&](double to_x, double from_y, double to_y) {
    return "C" + middle + " " + svg_number(from_y) + " " + middle + " " + svg_number(to_y) + " " + svg_number(to_x) +
           " " + svg_number(to_y);
  };
  return "<path d=\"M" + svg_number(x0) + " " + svg_number(y0) + curve(x1, y0, y1) + "V" + svg_number(y1 + height) +
         curve(x0, y1 + height, y0 + height) + "Z\" class=\"" + css_class + "\" opacity=\".32\"/>\n";
}

}  // namespace

Html flow_picture(std::string_view title, const std::vector<FlowStage>& stages) {
  const double step = (kWidth - kLastLabelWidth) / static_cast<double>(std::max<size_t>(stages.size(), 2) - 1);
  const auto total = static_cast<double>(std::max<int64_t>(stages.empty() ? 0 : stages.front().amount, 1));
  const auto height_of = [&](int64_t amount) {
    if (amount <= 0) return 0.0;
    return std::clamp(kFlowHeight * static_cast<double>(amount) / total, 1.0, kFlowHeight);
  };
  Html svg;
  size_t most_lines = 0;
  for (size_t i = 0; i < stages.size(); ++i) {
    const double x = step * static_cast<double>(i);
    const double height = height_of(stages[i].amount);
    svg += label(x, 14, stages[i].name, "strong") + label(x, 32, stages[i].value);
    if (height > 0) svg += m(rect(x, kTop, kPost, height, "c0"));
    if (i + 1 == stages.size()) break;

    const FlowStage& next = stages[i + 1];
    const double left = height_of(next.amount);
    const double lost = stages[i].amount > next.amount ? std::max(height - left, 1.0) : 0;
    if (left > 0) svg += m(band(x + kPost, kTop, x + step, kTop, left, "c0"));
    if (lost > 0) {
      const double end = x + kPost + 0.45 * step;
      const std::string colour = "c" + std::to_string(1 + i % (kNumChartColours - 1));  // c0 is what stays
      svg += m(band(x + kPost, std::max(kTop + height - lost, kTop), end, kBottom - lost, lost, colour) +
               rect(end, kBottom - lost, 4, lost, colour));
      for (size_t line = 0; line < next.losses.size(); ++line) {
        const double y = kBottom + 18 + kLineHeight * static_cast<double>(line);
        svg += label(x + kPost + 4, y, next.losses[line]);
      }
      most_lines = std::max(most_lines, next.losses.size());
    }
  }
  const double height = kBottom + 12 + kLineHeight * static_cast<double>(most_lines);
  return html_element("figure", html_element("figcaption", Html::text(title)) +
                                    m("<div class=\"scroll\"><svg role=\"img\" class=\"wide\" viewBox=\"0 0 " +
                                      svg_number(kWidth) + " " + svg_number(height) + "\">\n") +
                                    svg + m("</svg></div>")) +
         m("\n");
}

}  // namespace ktlm::corpus
