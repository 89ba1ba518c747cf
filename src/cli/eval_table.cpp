#include "eval_table.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "ktlm/text/utf8.h"
#include "ktlm/text/width.h"
#include "terminal_output.h"

namespace ktlm::cli {

namespace {

std::string right_aligned(const std::string& text, size_t columns) {
  return std::string(columns - std::min(columns, text::column_width(text)), ' ') + text;
}

std::string letter_of(size_t model) {
  return model < 26 ? std::string(1, static_cast<char>('A' + model)) : std::to_string(model + 1);
}

// "-0.0223 ±0.0101 *"
std::string difference_cell(const std::optional<double>& difference, const std::optional<eval::Interval>& interval) {
  const std::string value = (difference && *difference >= 0 ? "+" : "") + figure_text(difference, 4);
  if (!interval) return value + std::string(10, ' ');
  const bool is_clear = interval->low > 0 || interval->high < 0;
  return value + " ±" + half_width(interval) + (is_clear ? " *" : "  ");
}

}  // namespace

NameColumn::NameColumn(const std::vector<std::string>& names) {
  if (terminal_columns(STDOUT_FILENO) > 0) return;
  for (const std::string& name : names) columns_ = std::max(columns_, text::column_width(on_one_line(name)));
}

std::string NameColumn::operator()(const std::string& name) const {
  const std::string line = on_one_line(name);
  size_t columns = text::column_width(line), position = 0;
  if (columns > columns_)
    while (columns + 1 > columns_)
      columns -= static_cast<size_t>(text::column_width(text::decode_utf8(line, position)));
  const std::string shown = (position > 0 ? "…" : "") + line.substr(position);
  return shown + std::string(columns_ - std::min(columns_, text::column_width(shown)), ' ');
}

std::string figure_text(const std::optional<double>& figure, int digits) {
  if (!figure) return "-";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, *figure);
  return text;
}

std::string half_width(const std::optional<eval::Interval>& interval) {
  return figure_text(interval ? std::optional((interval->high - interval->low) / 2) : std::nullopt, 4);
}

std::optional<double> difference_of(const std::optional<double>& other, const std::optional<double>& first) {
  return other && first ? std::optional(*other - *first) : std::nullopt;
}

std::string comparison_table(const std::vector<std::string>& models, const std::string& figure,
                             const std::string& counted, const std::vector<ComparedRow>& rows) {
  constexpr size_t kValueColumns = 9, kDifferenceColumns = 19;
  std::vector<std::string> names;
  for (const ComparedRow& row : rows) names.push_back(row.name);
  const NameColumn in_name_column(names);
  std::string table;
  for (size_t i = 0; i < models.size(); ++i) table += letter_of(i) + "  " + models[i] + "\n";
  table += "\n" + in_name_column(figure) + right_aligned(counted, 10);
  for (size_t i = 0; i < models.size(); ++i) table += right_aligned(letter_of(i), kValueColumns);
  for (const ComparedRow& row : rows) {
    table += "\n" + in_name_column(row.name) + right_aligned(std::to_string(row.count), 10);
    for (const auto& value : row.values) table += right_aligned(figure_text(value, 4), kValueColumns);
  }
  table += "\n\n" + in_name_column("difference");
  for (size_t i = 1; i < models.size(); ++i)
    table += right_aligned(letter_of(i) + " - A          ", kDifferenceColumns);
  for (const ComparedRow& row : rows) {
    table += "\n" + in_name_column(row.name);
    for (size_t i = 1; i < models.size(); ++i)
      table += right_aligned(difference_cell(difference_of(row.values[i], row.values[0]), row.intervals[i - 1]),
                             kDifferenceColumns);
  }
  // A table's lines end where their text ends.
  for (size_t end = table.find(" \n"); end != std::string::npos; end = table.find(" \n", end > 0 ? end - 1 : 0))
    table.erase(end, 1);
  while (table.ends_with(' ')) table.pop_back();
  return table + "\n±: half of the 95 % interval (paired bootstrap over " + counted + "); *: it excludes 0";
}

Json figure_json(const std::optional<double>& figure) { return figure ? Json(*figure) : Json(); }

Json interval_json(const std::optional<eval::Interval>& interval) {
  return interval ? Json::array({interval->low, interval->high}) : Json();
}

Json joined(const std::vector<Json>& models, const Json& differences) {
  if (models.size() == 1) return models.front();
  return {{"models", models}, {"differences", differences}};
}

}  // namespace ktlm::cli
