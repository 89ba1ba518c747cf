// The tables of ktlm eval, 80 columns wide while figures are of usual sizes, and what several models' figures differ
// by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ktlm/core/json.h"
#include "ktlm/eval/confidence.h"

namespace ktlm::cli {

/// A table's first column. On a terminal it has 22 columns, where Hangul takes two, and a name that is longer stands
/// there without its beginning, behind "…". Elsewhere it is as wide as its names are, for what reads them there wants
/// them whole.
class NameColumn {
 public:
  explicit NameColumn(const std::vector<std::string>& names);
  /// The name on one line, filled up with spaces.
  std::string operator()(const std::string& name) const;

 private:
  size_t columns_ = 22;
};

/// With so many digits behind the point, or "-" where there is no figure.
std::string figure_text(const std::optional<double>& figure, int digits);

/// Half the interval's width in four digits behind the point, or "-".
std::string half_width(const std::optional<eval::Interval>& interval);

/// One figure of all models over the same documents; none where these have nothing to measure. `intervals` are those of
/// the differences to the first model, one less than there are models; none where a figure has no such interval.
struct ComparedRow {
  std::string name;
  int64_t count = 0;  // of documents or questions
  std::vector<std::optional<double>> values;
  std::vector<std::optional<eval::Interval>> intervals;
};

/// None where either model has none.
std::optional<double> difference_of(const std::optional<double>& other, const std::optional<double>& first);

/// Which letter is which model; the figures; how the other models' differ from the first's. `figure` and `counted`
/// head their columns: "bits/byte", "documents".
std::string comparison_table(const std::vector<std::string>& models, const std::string& figure,
                             const std::string& counted, const std::vector<ComparedRow>& rows);

/// The figure, or null.
Json figure_json(const std::optional<double>& figure);

/// [low, high], or null.
Json interval_json(const std::optional<eval::Interval>& interval);

/// What --json prints of each model's object: that of one model, or of several with `differences`.
Json joined(const std::vector<Json>& models, const Json& differences);

}  // namespace ktlm::cli
