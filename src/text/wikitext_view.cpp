#include "wikitext_view.h"

#include <algorithm>
#include <string>

#include "byte_set.h"
#include "wikitext_names.h"

namespace ktlm::text {
namespace {

constexpr ByteSet kArgumentMarks("|{[<");
constexpr ByteSet kNameEnds("|{}[]<>\n");

}  // namespace

std::vector<Span>::const_iterator WikitextView::spans_from(size_t position) const {
  // A page is read forwards: the span asked for is mostly the one found last, or one of the next few.
  constexpr size_t kNear = 6;
  if (nearest_ < spans_.size() && spans_[nearest_].begin <= position) {
    const size_t end = std::min(nearest_ + kNear, spans_.size());
    while (nearest_ < end && spans_[nearest_].begin < position) ++nearest_;
  }
  auto span = spans_.begin() + static_cast<std::ptrdiff_t>(nearest_);
  const bool is_found =
      nearest_ > 0 && std::prev(span)->begin < position && (span == spans_.end() || span->begin >= position);
  if (!is_found) span = std::ranges::lower_bound(spans_, position, {}, &Span::begin);
  nearest_ = static_cast<size_t>(span - spans_.begin());
  return span;
}

const Span* WikitextView::span_at(size_t position) const {
  const auto span = spans_from(position);
  return span != spans_.end() && span->begin == position ? &*span : nullptr;
}

size_t WikitextView::next_line(size_t position, size_t end) const {
  auto span = spans_from(position);
  size_t newline = page_.find('\n', position);
  while (true) {
    if (newline < position) newline = page_.find('\n', position);
    const auto is_passed = [&](const Span& s) { return s.begin < position || s.kind == SpanKind::kLink; };
    while (span != spans_.end() && span->begin <= newline && is_passed(*span)) ++span;
    if (span == spans_.end() || span->begin > newline) return newline < end ? newline + 1 : end;
    position = span->end;
  }
}

std::optional<Heading> WikitextView::heading_at(size_t position, size_t end) const {
  if (page_[position] != '=') return std::nullopt;
  const size_t newline = std::min(page_.find('\n', position), end);
  std::string_view line = trimmed(between(position, newline));
  while (line.ends_with("-->")) {
    const size_t comment = line.rfind("<!--");
    if (comment == std::string_view::npos) break;
    line = trimmed(line.substr(0, comment));
  }
  const size_t leading = std::min(line.find_first_not_of('='), line.size());
  if (leading == line.size() || line.back() != '=') return std::nullopt;
  const size_t content_size = line.find_last_not_of('=') + 1 - leading;
  const size_t trailing = line.size() - leading - content_size;
  const int level = static_cast<int>(std::min({leading, trailing, size_t{6}}));
  return Heading{level, position + leading, position + leading + content_size, std::min(newline + 1, end)};
}

size_t WikitextView::find_bar(size_t begin, size_t end) const {
  size_t position = begin;
  while ((position = kArgumentMarks.find(page_, position, end)) < end && page_[position] != '|') {
    const Span* span = span_at(position);
    position = span == nullptr ? position + 1 : span->end;
  }
  return std::min(position, end);
}

size_t WikitextView::skip_blanks(size_t position, size_t end) const {
  while (position < end) {
    const Span* span = page_[position] == '<' ? span_at(position) : nullptr;
    if (span != nullptr && span->kind == SpanKind::kComment) {
      position = span->end;
    } else if (std::string_view(" \t\r\n").find(page_[position]) != std::string_view::npos) {
      ++position;
    } else {
      break;
    }
  }
  return std::min(position, end);
}

std::optional<std::string_view> WikitextView::template_name(const Span& span) const {
  const size_t begin = skip_blanks(span.content_begin, span.content_end);
  const size_t name_end = kNameEnds.find(page_, begin, span.content_end);
  const std::string_view name = trimmed(between(begin, name_end));
  if (name.starts_with('#')) return name;  // "#if:" and its like take anything
  const size_t next = skip_blanks(name_end, span.content_end);
  if (next == span.content_end) return name;
  const bool is_name = page_.substr(next, 2) == "{{" || (page_[next] == '|' && !name.empty());  // {{{{name}}|...}}
  return is_name ? std::optional(name) : std::nullopt;
}

std::vector<Argument> WikitextView::template_arguments(const Span& span) const {
  std::vector<Argument> arguments;
  size_t bar = find_bar(span.content_begin, span.content_end);
  while (bar < span.content_end) {
    const size_t begin = bar + 1;
    bar = find_bar(begin, span.content_end);
    const std::string_view words = between(begin, bar);
    // A name comes before any markup: an '=' in a link or a tag names nothing.
    const size_t mark = words.find_first_of("={[<");
    if (mark != std::string_view::npos && words[mark] == '=') {
      arguments.push_back({trimmed(words.substr(0, mark)), begin + mark + 1, bar});
    } else {
      arguments.push_back({{}, begin, bar});
    }
  }
  return arguments;
}

const Argument* find_argument(const std::vector<Argument>& arguments, int number) {
  const std::string name = std::to_string(number);
  int position = 0;
  for (const Argument& argument : arguments) {
    if (argument.name == name || (argument.name.empty() && ++position == number)) return &argument;
  }
  return nullptr;
}

}  // namespace ktlm::text
