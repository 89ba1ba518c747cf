// A report for people as one HTML file: its style inside, nothing fetched, no script; light and dark, and fit to print.
// What comes from data enters as text and is escaped, so a title that holds "<script>" is shown and never run. The
// bytes depend on the arguments alone: no date, no locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ktlm {

/// A piece of markup that is safe in a page. Data becomes one through text() alone.
class Html {
 public:
  Html() = default;
  /// Bytes of any kind, to be read as they stand; control characters are shown as U+FFFD. Safe in attributes as well.
  static Html text(std::string_view bytes);
  /// Markup written in the program's own source; never data.
  static Html markup(std::string trusted) { return Html(std::move(trusted)); }

  Html& operator+=(const Html& other) {
    markup_ += other.markup_;
    return *this;
  }
  friend Html operator+(Html left, const Html& right) { return left += right; }
  const std::string& str() const { return markup_; }
  bool empty() const { return markup_.empty(); }

 private:
  explicit Html(std::string trusted) : markup_(std::move(trusted)) {}
  std::string markup_;
};

/// <tag class="...">content</tag>; `tag` and `css_class` stand in the program's source.
Html html_element(const char* tag, const Html& content, const char* css_class = "");

/// A heading with what stands under it.
Html html_section(std::string_view heading, const Html& body);

/// A line that opens to show `body`; a printed page shows it open.
Html html_details(const Html& line, const Html& body);

struct HtmlView {
  std::string name;
  Html body;
};
/// One of two bodies, whichever name was clicked last, at first the first; without a script. `id` stands in the
/// program's source, once a page.
Html html_two_views(const char* id, const HtmlView& first, const HtmlView& second);

/// A large number with what it counts below: "12,345" "documents kept" "87.2 % of 14,157".
struct KeyFigure {
  std::string value, name, note;
};
Html html_key_figures(const std::vector<KeyFigure>& figures);

struct TableColumn {
  std::string heading;
  bool is_number = false;  // set to the right
};
/// Each row has as many cells as there are columns. Wide tables scroll on their own.
Html html_table(const std::vector<TableColumn>& columns, const std::vector<std::vector<Html>>& rows);

/// The whole file: `title` names it and is its heading, `subtitle` the line below.
std::string html_page(std::string_view title, std::string_view subtitle, const Html& body);

/// 1234567 -> "1,234,567".
std::string format_grouped(int64_t number);
/// 0.1234 -> "12.3 %"; what is more than nothing never reads as "0.0 %", what is less than all never as "100.0 %".
std::string format_share(double share);

}  // namespace ktlm
