#include "eval_table.h"

#include <algorithm>
#include <cstdio>

#include "ktlm/text/utf8.h"

namespace ktlm::cli {

namespace {

// Hangul, Hanja, kana and full-width forms take two columns.
size_t num_columns(char32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
                 (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF00 && c <= 0xFF60)
             ? 2
             : 1;
}

size_t num_columns(const std::string& text) {
  size_t columns = 0;
  for (size_t position = 0; position < text.size();) columns += num_columns(text::decode_utf8(text, position));
  return columns;
}

std::string four_digits(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.4f", value);
  return text;
}

std::string right_aligned(const std::string& text, size_t columns) {
  return std::string(columns - std::min(columns, num_columns(text)), ' ') + text;
}

std::string letter_of(size_t model) {
  return model < 26 ? std::string(1, static_cast<char>('A' + model)) : std::to_string(model + 1);
}

// "-0.0223 ±0.0101 *"
std::string difference_cell(double difference, const std::optional<eval::Interval>& interval) {
  const std::string value = (difference < 0 ? "" : "+") + four_digits(difference);
  if (!interval) return value + std::string(10, ' ');
  const bool is_clear = interval->low > 0 || interval->high < 0;
  return value + " ±" + half_width(interval) + (is_clear ? " *" : "  ");
}

}  // namespace

std::string in_name_column(const std::string& name) {
  size_t columns = num_columns(name), position = 0;
  if (columns > kNameColumns)
    while (columns + 1 > kNameColumns) columns -= num_columns(text::decode_utf8(name, position));
  const std::string shown = (position > 0 ? "…" : "") + name.substr(position);
  return shown + std::string(kNameColumns - std::min(kNameColumns, num_columns(shown)), ' ');
}

std::string half_width(const std::optional<eval::Interval>& interval) {
  return interval ? four_digits((interval->high - interval->low) / 2) : "-";
}

std::string comparison_table(const std::vector<std::string>& models, const std::string& figure,
                             const std::string& counted, const std::vector<ComparedRow>& rows) {
  constexpr size_t kValueColumns = 9, kDifferenceColumns = 19;
  std::string table;
  for (size_t i = 0; i < models.size(); ++i) table += letter_of(i) + "  " + models[i] + "\n";
  table += "\n" + in_name_column(figure) + right_aligned(counted, 10);
  for (size_t i = 0; i < models.size(); ++i) table += right_aligned(letter_of(i), kValueColumns);
  for (const ComparedRow& row : rows) {
    table += "\n" + in_name_column(row.name) + right_aligned(std::to_string(row.count), 10);
    for (const double value : row.values) table += right_aligned(four_digits(value), kValueColumns);
  }
  table += "\n\n" + in_name_column("difference");
  for (size_t i = 1; i < models.size(); ++i)
    table += right_aligned(letter_of(i) + " - A          ", kDifferenceColumns);
  for (const ComparedRow& row : rows) {
    table += "\n" + in_name_column(row.name);
    for (size_t i = 1; i < models.size(); ++i)
      table += right_aligned(difference_cell(row.values[i] - row.values[0], row.intervals[i - 1]), kDifferenceColumns);
  }
  // A table's lines end where their text ends.
  for (size_t end = table.find(" \n"); end != std::string::npos; end = table.find(" \n", end > 0 ? end - 1 : 0))
    table.erase(end, 1);
  while (table.ends_with(' ')) table.pop_back();
  return table + "\n±: half of the 95 % interval (paired bootstrap over " + counted + "); *: it excludes 0";
}

Json interval_json(const std::optional<eval::Interval>& interval) {
  return interval ? Json::array({interval->low, interval->high}) : Json();
}

Json joined(const std::vector<Json>& models, const Json& differences) {
  if (models.size() == 1) return models.front();
  return {{"models", models}, {"differences", differences}};
}

}  // namespace ktlm::cli
