// A stack of open marks, as in MediaWiki's preprocessor. One difference: a closing mark that has a partner further down
// closes it, and what lay open above is given up as text. Pages with a slip of the pen lose less that way.
#include "wikitext_spans.h"

#include <algorithm>
#include <array>
#include <optional>

#include "byte_set.h"
#include "wikitext_names.h"
#include "wikitext_tags.h"

namespace ktlm::text {
namespace {

enum class Mark : uint8_t { kBraces, kLink, kExternalLink, kTable, kHtmlTable, kVariant };
constexpr size_t kNumMarks = 6;
constexpr ByteSet kMarks("{}[]<");

struct OpenMark {
  Mark mark;
  size_t position;
  size_t content_begin;
  size_t count;     // braces not yet matched
  size_t line_end;  // of an external link, which must close before it
};

class SpanFinder {
 public:
  explicit SpanFinder(std::string_view text) : text_(text) {}

  std::vector<Span> run() {
    for (size_t position = 0; position < text_.size();) {
      switch (text_[position]) {
        case '{':
          position = open_braces(position);
          break;
        case '}':
          position = close_braces(position);
          break;
        case '[':
          position = open_brackets(position);
          break;
        case ']':
          position = close_brackets(position);
          break;
        case '<':
          position = tag(position);
          break;
        default:
          position = kMarks.find(text_, position, text_.size());
      }
    }
    std::ranges::sort(spans_, {}, &Span::begin);
    return std::move(spans_);
  }

 private:
  char at(size_t position) const { return position < text_.size() ? text_[position] : '\0'; }

  size_t run_length(size_t position) const {
    const size_t end = text_.find_first_not_of(text_[position], position);
    return std::min(end, text_.size()) - position;
  }

  // Tables open and close at the start of a line; they may be indented by spaces and colons.
  bool is_line_start(size_t position) const {
    while (position > 0 && (text_[position - 1] == ' ' || text_[position - 1] == ':')) --position;
    return position == 0 || text_[position - 1] == '\n';
  }

  void push(Mark mark, size_t position, size_t content_begin, size_t count = 0, size_t line_end = 0) {
    stack_.push_back({mark, position, content_begin, count, line_end});
    ++num_open_[static_cast<size_t>(mark)];
  }
  void pop() {
    --num_open_[static_cast<size_t>(stack_.back().mark)];
    stack_.pop_back();
  }
  bool is_open(Mark mark) const { return num_open_[static_cast<size_t>(mark)] > 0; }
  bool top_is(Mark mark) const { return !stack_.empty() && stack_.back().mark == mark; }
  // Gives up what lies above the last open `mark`; each mark is given up once, hence linear time.
  OpenMark& uncover(Mark mark) {
    while (stack_.back().mark != mark) pop();
    return stack_.back();
  }
  void close(Mark mark, SpanKind kind, size_t content_end, size_t end) {
    const OpenMark& open = uncover(mark);
    spans_.push_back({open.position, open.content_begin, content_end, end, kind});
    pop();
  }

  size_t open_braces(size_t position) {
    const size_t count = run_length(position);
    if (count >= 2) {
      push(Mark::kBraces, position, 0, count);
    } else if (at(position + 1) == '|' && is_line_start(position)) {
      push(Mark::kTable, position, position + 2);
    } else if (position > 0 && text_[position - 1] == '-') {
      push(Mark::kVariant, position, position + 1);
    }
    return position + count;
  }

  size_t close_braces(size_t position) {
    size_t count = run_length(position);
    if (position > 0 && text_[position - 1] == '|' && is_open(Mark::kTable) && is_line_start(position - 1)) {
      // "|}" ends a table, but in "|}}" an empty last argument may come before the end of a template.
      while (!top_is(Mark::kTable) && !(top_is(Mark::kBraces) && count >= 2)) pop();
      if (top_is(Mark::kTable)) {
        close(Mark::kTable, SpanKind::kTable, position - 1, position + 1);
        return position + 1;
      }
    }
    if (count == 1 && at(position + 1) == '-' && top_is(Mark::kVariant)) {
      close(Mark::kVariant, SpanKind::kVariant, position, position + 2);
      return position + 2;
    }
    while (count >= 2 && is_open(Mark::kBraces)) {
      OpenMark& open = uncover(Mark::kBraces);
      const size_t matched = std::min({count, open.count, size_t{3}});
      open.count -= matched;
      const size_t begin = open.position + open.count;
      const SpanKind kind = matched == 3 ? SpanKind::kParameter : SpanKind::kTemplate;
      spans_.push_back({begin, begin + matched, position, position + matched, kind});
      position += matched;
      count -= matched;
      if (open.count < 2) pop();
    }
    return position + count;
  }

  size_t open_brackets(size_t position) {
    if (is_url(text_.substr(position + 1))) {
      if (line_end_ <= position) line_end_ = std::min(text_.find('\n', position), text_.size());
      push(Mark::kExternalLink, position, position + 1, 0, line_end_);
      return position + 1;
    }
    const bool opens_link = at(position + 1) == '[' && (at(position + 2) != '[' || is_url(text_.substr(position + 3)));
    if (!opens_link) return position + 1;
    push(Mark::kLink, position, position + 2);
    return position + 2;
  }

  size_t close_brackets(size_t position) {
    while (top_is(Mark::kExternalLink) && stack_.back().line_end < position) pop();
    if (top_is(Mark::kExternalLink)) {
      close(Mark::kExternalLink, SpanKind::kExternalLink, position, position + 1);
      return position + 1;
    }
    if (at(position + 1) != ']') return position + 1;
    if (is_open(Mark::kLink)) close(Mark::kLink, SpanKind::kLink, position, position + 2);
    return position + 2;
  }

  size_t tag(size_t position) {
    if (text_.substr(position, 4) == "<!--") {
      const size_t close = text_.find("-->", position + 4);
      const size_t content_end = std::min(close, text_.size());
      const size_t end = close == std::string_view::npos ? text_.size() : close + 3;
      spans_.push_back({position, position + 4, content_end, end, SpanKind::kComment});
      return end;
    }
    const std::string_view name = tag_name_at(text_, position);
    if (name.empty()) return position + 1;
    const bool closes = text_[position + 1] == '/';
    const Tag* found = find_tag(name);
    const size_t tag_end = found == nullptr ? std::string_view::npos : find_tag_end(text_, position, found->content);
    if (tag_end == std::string_view::npos) return position + 1;
    const bool is_empty_element = text_[tag_end - 2] == '/';

    if (found->content == TagContent::kTable) {
      if (!closes && !is_empty_element) push(Mark::kHtmlTable, position, tag_end);
      if (closes && is_open(Mark::kHtmlTable)) close(Mark::kHtmlTable, SpanKind::kTable, position, tag_end);
      return tag_end;
    }
    if (found->content == TagContent::kWikitext || closes) return tag_end;
    if (found->content == TagContent::kReading) {
      const size_t end = is_empty_element ? tag_end : find_reading_end(*found, tag_end);
      if (end > tag_end) spans_.push_back({position, tag_end, end, end, SpanKind::kDropped});
      return end;
    }
    const SpanKind kind = found->content == TagContent::kVerbatim ? SpanKind::kVerbatim : SpanKind::kDropped;
    if (is_empty_element) {
      spans_.push_back({position, tag_end, tag_end, tag_end, kind});
      return tag_end;
    }
    const auto close_tag = find_close_tag(*found, tag_end);
    if (!close_tag) return tag_end;
    const size_t end = find_tag_end(text_, *close_tag);
    spans_.push_back({position, tag_end, *close_tag, end, kind});
    return end;
  }

  // Where the reading that `tag` began ends: behind its end tag; before the end of the <ruby>, or the next part of one
  // that does end; before the end of the template or link that holds it. At `position`, and nothing is reading, where
  // its line has none of them before another <ruby> begins.
  size_t find_reading_end(const Tag& tag, size_t position) const {
    constexpr size_t kLongest = 1000;
    const size_t line_end = text_.substr(position, kLongest).find('\n');
    const size_t end = std::min(text_.size(), position + std::min(line_end, kLongest));
    size_t next_part = end;
    size_t num_inner = 0;  // of the templates and links within the reading
    for (size_t next = kMarks.find(text_, position, end); next < end; next = kMarks.find(text_, next + 1, end)) {
      const std::string_view pair = text_.substr(next, 2);
      if (pair == "{{" || pair == "[[") {
        ++num_inner;
        ++next;
      } else if (pair == "}}" || pair == "]]") {
        if (num_inner > 0) {
          --num_inner;
        } else if (is_open(pair == "}}" ? Mark::kBraces : Mark::kLink)) {
          return std::min(next_part, next);
        }
        ++next;
      }
      const std::string_view name = pair[0] == '<' ? tag_name_at(text_, next) : std::string_view();
      const Tag* other = name.empty() ? nullptr : find_tag(name);
      if (other == nullptr) continue;
      const bool closes = text_[next + 1] == '/';
      if (next_part == end && other == &tag && closes) {
        if (const size_t tag_end = find_tag_end(text_, next); tag_end != std::string_view::npos) return tag_end;
      }
      if (other->name == "ruby") return closes ? std::min(next_part, next) : position;
      const bool is_part = other->content == TagContent::kReading || other->name == "rb";
      const bool may_hold_parts = tag.name == "rtc" && other != &tag;
      if (is_part && !may_hold_parts) next_part = std::min(next_part, next);
    }
    return position;
  }

  // The next "</name ...>"; that a page has no more of them is remembered, lest each open tag search to the page's end.
  std::optional<size_t> find_close_tag(const Tag& tag, size_t position) {
    if (std::ranges::find(never_closed_, &tag) != never_closed_.end()) return std::nullopt;
    while ((position = text_.find("</", position)) != std::string_view::npos) {
      const std::string_view name = tag_name_at(text_, position);
      if (!name.empty() && find_tag(name) == &tag && find_tag_end(text_, position) != std::string_view::npos) {
        return position;
      }
      position += 2;
    }
    never_closed_.push_back(&tag);
    return std::nullopt;
  }

  std::string_view text_;
  std::vector<Span> spans_;
  std::vector<OpenMark> stack_;
  std::array<size_t, kNumMarks> num_open_{};
  size_t line_end_ = 0;
  std::vector<const Tag*> never_closed_;
};

}  // namespace

std::vector<Span> find_spans(std::string_view wikitext) { return SpanFinder(wikitext).run(); }

}  // namespace ktlm::text
