#include "run_charts.h"

#include <algorithm>

#include "ktlm/core/line_chart.h"

namespace ktlm::train {

namespace {

struct TimeUnit {
  const char* name;
  double seconds;
};

// The unit of which the longest run takes some.
TimeUnit time_unit(const std::vector<RunHistory>& runs) {
  double longest = 0;
  for (const RunHistory& run : runs)
    if (!run.reports.empty()) longest = std::max(longest, run.reports.back().training_seconds);
  if (longest < 180) return {"seconds", 1};
  if (longest < 3 * 3600) return {"minutes", 60};
  if (longest < 3 * 86400) return {"hours", 3600};
  return {"days", 86400};
}

// The axis that a view's charts share.
class XAxis {
 public:
  explicit XAxis(const std::vector<RunHistory>& runs, bool over_time)
      : over_time_(over_time),
        unit_(time_unit(runs)),
        name_(over_time ? std::string(unit_.name) + " of training" : "step") {}

  const std::string& name() const { return name_; }
  double of(const StepReport& report) const {
    return over_time_ ? report.training_seconds / unit_.seconds : static_cast<double>(report.step);
  }
  double of(const RunHistory& run, const ValidationReport& validation) const {
    return over_time_ ? run.seconds_at(validation.step) / unit_.seconds : static_cast<double>(validation.step);
  }

 private:
  bool over_time_;
  TimeUnit unit_;
  std::string name_;
};

ChartPoints points_of(const RunHistory& run, const XAxis& x, double StepReport::*value) {
  ChartPoints points;
  for (const StepReport& report : run.reports) points.push_back({x.of(report), report.*value});
  return points;
}

ChartPoints points_of(const RunHistory& run, const XAxis& x, double ValidationReport::*value) {
  ChartPoints points;
  for (const ValidationReport& validation : run.validations)
    points.push_back({x.of(run, validation), validation.*value});
  return points;
}

struct Curve {
  const char* title;
  bool from_zero = false, in_bytes = false;
};

class RunCharts {
 public:
  RunCharts(const std::vector<RunHistory>& runs, const std::vector<std::string>& names, bool over_time)
      : runs_(runs), names_(names), x_(runs, over_time) {
    for (const RunHistory& run : runs_) {
      if (!run.reports.empty()) whole_.high = std::max(whole_.high, x_.of(run.reports.back()));
      if (!run.validations.empty()) whole_.high = std::max(whole_.high, x_.of(run, run.validations.back()));
    }
  }

  Html all() const {
    LineChart loss = loss_chart();
    Html page;
    if (runs_.size() > 1) page += html_element("div", line_legend(loss.lines), "sticky");
    page += line_chart(loss);
    Html pairs = line_chart(second_half(std::move(loss)));
    if (runs_.size() > 1)
      pairs += chart({"Validation loss, nats per token"}, &ValidationReport::loss, LineStyle::kMarked);
    pairs += chart({"Bits per byte of validation text"}, &ValidationReport::bits_per_byte, LineStyle::kMarked);
    pairs += chart({"Learning rate", true}, &StepReport::learning_rate, LineStyle::kPlain);
    pairs += chart({"Gradient norm before clipping", true}, &StepReport::gradient_norm, LineStyle::kSmooth);
    pairs += chart({"Tokens per second of training", true}, &StepReport::tokens_per_second, LineStyle::kSmooth);
    pairs += chart({"Memory of the process", true, true}, &StepReport::memory_bytes, LineStyle::kPlain);
    return page + html_element("div", pairs, "pair");
  }

 private:
  template <class Report>
  std::vector<ChartLine> lines(double Report::*value, LineStyle style) const {
    std::vector<ChartLine> lines;
    for (size_t i = 0; i < runs_.size(); ++i) lines.push_back({names_[i], points_of(runs_[i], x_, value), i, style});
    return lines;
  }

  template <class Report>
  Html chart(const Curve& curve, double Report::*value, LineStyle style) const {
    return line_chart({.title = curve.title,
                       .x_name = x_.name(),
                       .lines = lines(value, style),
                       .x_range = whole_,
                       .from_zero = curve.from_zero,
                       .in_bytes = curve.in_bytes,
                       .has_legend = false});
  }

  // One run's two losses belong together; of several runs these would be too many lines.
  LineChart loss_chart() const {
    LineChart chart{.title = "Training loss, nats per token",
                    .x_name = x_.name(),
                    .lines = lines(&StepReport::loss, LineStyle::kSmooth),
                    .x_range = whole_,
                    .has_legend = runs_.size() == 1,
                    .wide = true};
    if (runs_.size() > 1) return chart;
    chart.lines.front().name = "training";
    if (runs_.front().validations.empty()) return chart;
    chart.title = "Loss, nats per token";
    chart.lines.push_back({"validation", points_of(runs_.front(), x_, &ValidationReport::loss), 1, LineStyle::kMarked});
    return chart;
  }

  // Beside the first steps' fall nobody sees whether the loss still falls. Nothing where that is too short to tell.
  LineChart second_half(LineChart chart) const {
    const double middle = whole_.high / 2;
    size_t most = 0;
    for (ChartLine& line : chart.lines) {
      std::erase_if(line.points, [&](const ChartPoint& point) { return point.x < middle; });
      most = std::max(most, line.points.size());
    }
    if (most < 10) chart.lines.clear();
    std::erase_if(chart.lines, [](const ChartLine& line) { return line.points.empty(); });
    chart.title += ", second half";
    chart.x_range = AxisRange{middle, whole_.high};
    chart.wide = false;
    return chart;
  }

  const std::vector<RunHistory>& runs_;
  const std::vector<std::string>& names_;
  XAxis x_;
  AxisRange whole_ = {0, 0};  // that all charts of the view share
};

}  // namespace

Html run_charts(const std::vector<RunHistory>& runs, const std::vector<std::string>& names) {
  return html_two_views("x-axis", {"over steps", RunCharts(runs, names, false).all()},
                        {"over time", RunCharts(runs, names, true).all()}) +
         html_element("p",
                      Html::text("Where values jump, the line is a mean over some 5 % of the reports around, and the "
                                 "faint points are the reports. Time leaves out validations, checkpoints and breaks."),
                      "quiet");
}

}  // namespace ktlm::train
