#include "ktlm/core/text_format.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <locale>
#include <sstream>
#include <utility>

namespace ktlm {

namespace {

std::string with_digits(double value, int decimals) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
  return buffer;
}

// Three significant digits: 1.23, 12.3, 123.
std::string three_digits(double value) { return with_digits(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0); }

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitution = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string format_bytes(int64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < std::size(kUnits)) value /= 1000, ++unit;
  return with_digits(value, unit == 0 || value >= 99.95 ? 0 : 1) + " " + kUnits[unit];
}

std::string format_count(double count) {
  if (count < 999.5) return with_digits(count, 0);
  if (count < 999.5e3) return three_digits(count / 1e3) + "k";
  if (count < 999.5e6) return three_digits(count / 1e6) + "M";
  return three_digits(count / 1e9) + "B";
}

std::string format_seconds(double seconds) {
  if (seconds < 9.95) return with_digits(seconds, 1) + "s";
  const auto whole = std::llround(seconds);
  char buffer[64];
  if (whole < 60) {
    std::snprintf(buffer, sizeof buffer, "%llds", whole);
  } else if (whole < 3600) {
    std::snprintf(buffer, sizeof buffer, "%lldm%02llds", whole / 60, whole % 60);
  } else if (whole < 3 * 24 * 3600) {
    std::snprintf(buffer, sizeof buffer, "%lldh%02lldm", whole / 3600, whole / 60 % 60);
  } else {
    std::snprintf(buffer, sizeof buffer, "%lldd%02lldh", whole / (24 * 3600), whole / 3600 % 24);
  }
  return buffer;
}

std::string format_double(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return with_digits(value, 0);  // 300, not 3e+02
  // Not std::to_chars(double): macOS has it from 13.3 on only. The stream is bound to the C locale's point.
  for (int precision = 1; precision <= 17; ++precision) {
    std::ostringstream stream;
    stream.imbue(std::locale::classic());
    stream.precision(precision);
    stream << value;
    std::istringstream reader(stream.str());
    reader.imbue(std::locale::classic());
    double read_back = 0;
    if ((reader >> read_back && read_back == value) || precision == 17) return stream.str();
  }
  return {};
}

bool parse_double(const std::string& text, double& out) {
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  return !text.empty() && !std::isspace(static_cast<unsigned char>(text.front())) && stream >> out &&
         stream.peek() == std::istringstream::traits_type::eof() && std::isfinite(out);
}

std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates) {
  std::string nearest;
  size_t least = (word.size() <= 3 ? 1 : std::max<size_t>(2, word.size() / 3)) + 1;  // 2: letters in swapped order
  for (const std::string& candidate : candidates) {
    if (const size_t distance = edit_distance(word, candidate); distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace ktlm
