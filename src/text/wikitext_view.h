// A page together with its spans: the questions that a renderer asks of it. Positions are byte offsets into the page.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "wikitext_spans.h"

namespace ktlm::text {

struct Heading {
  int level;  // 1 .. 6
  size_t content_begin;
  size_t content_end;
  size_t next_line;
};

struct Argument {
  std::string_view name;  // empty: positional
  size_t begin;
  size_t end;
};

class WikitextView {
 public:
  explicit WikitextView(std::string_view page) : page_(page), spans_(find_spans(page)) {}

  std::string_view page() const { return page_; }
  std::string_view between(size_t begin, size_t end) const { return page_.substr(begin, end - begin); }

  /// The span that begins at `position`, or null.
  const Span* span_at(size_t position) const;
  /// Behind the newline that ends the line of `position`; newlines inside templates, tables and the like do not count.
  size_t next_line(size_t position, size_t end) const;
  /// The heading that the line starting at `position` is, if it is one.
  std::optional<Heading> heading_at(size_t position, size_t end) const;
  /// The first '|' of `begin` .. `end` that is in no span inside, or `end`.
  size_t find_bar(size_t begin, size_t end) const;

  /// The name of a template, or nothing where it cannot be one: a name stands on one line and holds no link, so that
  /// braces around paragraphs are two slips.
  std::optional<std::string_view> template_name(const Span& span) const;
  std::vector<Argument> template_arguments(const Span& span) const;

 private:
  std::vector<Span>::const_iterator spans_from(size_t position) const;
  size_t skip_blanks(size_t position, size_t end) const;  // white space and comments

  std::string_view page_;
  std::vector<Span> spans_;
  mutable size_t nearest_ = 0;  // where the last search in spans_ ended
};

/// The positional argument of that number, from 1; one named by its number counts as well. Null where there is none.
const Argument* find_argument(const std::vector<Argument>& arguments, int number);

}  // namespace ktlm::text
