// find_spans() has told which marks belong together; this renders the page line by line in one pass over it. Only links
// and templates that keep words are looked into, to a bounded depth; all other spans are stepped over. A mark without a
// partner loses its mark and leaves its words.
#include "ktlm/text/wikitext.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "byte_set.h"
#include "html_entities.h"
#include "mend.h"
#include "wikitext_names.h"
#include "wikitext_spans.h"

namespace ktlm::text {
namespace {

// MediaWiki itself expands templates 40 deep.
constexpr int kMaxDepth = 40;

constexpr ByteSet kInlineMarks("\n{}[]<&'_");
constexpr ByteSet kArgumentMarks("|{[<");
constexpr ByteSet kVerbatimMarks("&\n");
constexpr ByteSet kSpaces(" \t");
constexpr ByteSet kNameEnds("|{}[]<\n");

struct Heading {
  int level;
  size_t content_begin;
  size_t content_end;
  size_t next_line;
};

class Renderer {
 public:
  explicit Renderer(std::string_view page) : page_(page), spans_(find_spans(page)) { text_.reserve(page.size()); }

  std::string run() {
    render(begin_line(0, page_.size()), page_.size());
    end_line();
    return std::move(text_);
  }

 private:
  // --- Looking at the page
  // ---------------------------------------------------------------------------------------------

  /// The first span that begins at or behind `position`.
  std::vector<Span>::const_iterator spans_from(size_t position) const {
    return std::ranges::lower_bound(spans_, position, {}, &Span::begin);
  }
  const Span* span_at(size_t position) const {
    const auto span = spans_from(position);
    return span != spans_.end() && span->begin == position ? &*span : nullptr;
  }

  size_t run_length(size_t position, size_t end) const {
    size_t run_end = position;
    while (run_end < end && page_[run_end] == page_[position]) ++run_end;
    return run_end - position;
  }

  std::string_view between(size_t begin, size_t end) const { return page_.substr(begin, end - begin); }

  /// Behind the newline that ends the line of `position`; newlines inside templates, tables and the like do not count.
  size_t next_line(size_t position, size_t end) const {
    auto span = spans_from(position);
    size_t newline = page_.find('\n', position);
    while (true) {
      if (newline < position) newline = page_.find('\n', position);
      while (span != spans_.end() && (span->begin < position || span->kind == SpanKind::kLink)) ++span;
      if (span == spans_.end() || span->begin > newline) return newline < end ? newline + 1 : end;
      position = span->end;
    }
  }

  /// The positions of the '|' that divide `begin` .. `end`, not those of spans inside.
  size_t find_bar(size_t begin, size_t end) const {
    size_t position = begin;
    while ((position = kArgumentMarks.find(page_, position, end)) < end && page_[position] != '|') {
      const Span* span = span_at(position);
      position = span == nullptr ? position + 1 : span->end;
    }
    return std::min(position, end);
  }

  std::optional<Heading> heading_at(size_t position, size_t end) const {
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

  // --- Writing
  // ---------------------------------------------------------------------------------------------------------

  void scar() { scars_.push_back(line_.size()); }

  /// Mends the line and writes it, if any words are left in it; otherwise it divides paragraphs.
  void end_line() {
    mend_line(line_, scars_);
    const bool has_words = std::ranges::any_of(
        line_, [](char c) { return is_ascii_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80; });
    if (line_.empty() || (!scars_.empty() && !has_words)) {
      starts_paragraph_ = true;
    } else {
      for (const auto& [level, heading] : pending_headings_) {
        if (!text_.empty()) text_ += "\n\n";
        text_ += heading;
        starts_paragraph_ = false;
      }
      pending_headings_.clear();
      if (!text_.empty()) text_ += starts_paragraph_ ? "\n\n" : "\n";
      text_ += bullet_;
      text_ += line_;
      starts_paragraph_ = false;
    }
    bullet_ = {};
    line_.clear();
    scars_.clear();
  }
  void end_paragraph() {
    end_line();
    starts_paragraph_ = true;
  }
  void break_line() {
    if (in_heading_) {
      line_ += ' ';
    } else {
      const bool was_blank = line_.empty();
      const bool paragraph = starts_paragraph_;
      end_line();
      if (was_blank) starts_paragraph_ = paragraph;  // "<div>" alone on its line divides nothing
    }
  }

  // --- Lines
  // -----------------------------------------------------------------------------------------------------------

  /// Takes what only counts at the start of a line, whole lines at times; returns where inline text begins.
  size_t begin_line(size_t position, size_t end) {
    while (position < end) {
      if (const auto heading = heading_at(position, end)) {
        position = add_heading(*heading, end);
        continue;
      }
      const char c = page_[position];
      if (c == '*' || c == '#' || c == ':' || c == ';') {
        const size_t text = page_.find_first_not_of("*#:;", position);
        // Items keep a mark: without one, a list of names reads like a paragraph of broken sentences.
        const char innermost = page_[std::min(text, end) - 1];
        if (innermost == '*' || innermost == '#') bullet_ = "- ";
        return std::min(text, end);
      }
      const bool opens_table = page_.substr(position, 2) == "{|" && span_at(position) == nullptr;
      if (opens_table) in_broken_table_ = true;
      if (c == '|' || opens_table || (c == '!' && in_broken_table_)) {
        if (page_.substr(position, 2) == "|}") in_broken_table_ = false;
        end_paragraph();
        position = next_line(position, end);
        continue;
      }
      if (page_.substr(position, 4) == "----") {
        end_paragraph();
        return position + run_length(position, end);
      }
      if (c != ' ' && c != '\t') return position;
      // A leading space makes a line preformatted; to the words it does nothing.
      position = std::min(page_.find_first_not_of(" \t", position), end);
      if (position < end && page_[position] == '{') continue;  // a table may be indented
      return position;
    }
    return end;
  }

  /// Keeps the heading until text follows; skips the section where its name says that it holds no prose.
  size_t add_heading(const Heading& heading, size_t end) {
    end_paragraph();
    in_broken_table_ = false;
    in_heading_ = true;
    render(heading.content_begin, heading.content_end);
    in_heading_ = false;
    mend_line(line_, scars_);
    std::string words = std::exchange(line_, {});
    scars_.clear();
    while (!pending_headings_.empty() && pending_headings_.back().first >= heading.level) pending_headings_.pop_back();
    if (!is_cut_section(words)) {
      if (!words.empty()) pending_headings_.emplace_back(heading.level, std::move(words));
      return heading.next_line;
    }
    size_t position = heading.next_line;
    while (position < end) {
      const auto next = heading_at(position, end);
      if (next && next->level <= heading.level) break;
      position = next_line(position, end);
    }
    return position;
  }

  // --- Inline text
  // -----------------------------------------------------------------------------------------------------

  void render(size_t position, size_t end) {
    ++depth_;
    while (position < end) {
      const size_t mark = kInlineMarks.find(page_, position, end);
      line_ += between(position, mark);
      position = mark;
      if (position == end) break;
      switch (page_[position]) {
        case '\n':
          position = newline(position, end);
          break;
        case '\'':
          position = quotes(position, end);
          break;
        case '&':
          position = entity(position);
          break;
        case '_':
          position = behaviour_switch(position, end);
          break;
        default:
          position = bracket(position, end);
          break;
      }
    }
    --depth_;
  }

  size_t newline(size_t position, size_t end) {
    if (in_heading_) {
      line_ += ' ';
      return position + 1;
    }
    end_line();
    return begin_line(position + 1, end);
  }

  /// Runs of 2 (italic), 3 (bold) and 5 (both) apostrophes go; of others MediaWiki shows what is over.
  size_t quotes(size_t position, size_t end) {
    const size_t count = run_length(position, end);
    if (count == 1 || count == 4) line_ += '\'';
    if (count > 5) line_.append(count - 5, '\'');
    return position + count;
  }

  size_t entity(size_t position) {
    const size_t before = line_.size();
    if (!decode_html_entity(page_, position, line_)) {
      line_ += page_[position++];
    } else if (line_.compare(before, std::string::npos, "\xC2\xA0") == 0) {
      line_.replace(before, 2, " ");
    }
    return position;
  }

  size_t behaviour_switch(size_t position, size_t end) {
    constexpr size_t kLongest = 40;
    const std::string_view rest = between(position, std::min(end, position + kLongest));
    const size_t close = rest.starts_with("__") ? rest.find("__", 2) : std::string_view::npos;
    if (close != std::string_view::npos && is_behaviour_switch(rest.substr(2, close - 2))) {
      scar();
      return position + close + 2;
    }
    line_ += '_';
    return position + 1;
  }

  /// One of { } [ ] <.
  size_t bracket(size_t position, size_t end) {
    const char c = page_[position];
    if (const Span* span = span_at(position); span != nullptr && span->end <= end) return span_(*span);
    if (c == '<') return lone_tag(position, end);
    // A run of marks without a partner, up to the first that has one.
    size_t run_end = position + 1;
    while (run_end < end && page_[run_end] == c && span_at(run_end) == nullptr) ++run_end;
    if (run_end - position == 1) line_ += c;
    return run_end;
  }

  size_t span_(const Span& span) {
    switch (span.kind) {
      case SpanKind::kLink:
        return link(span);
      case SpanKind::kExternalLink:
        return external_link(span);
      case SpanKind::kTemplate:
        return template_(span);
      case SpanKind::kVariant:
        return variant(span);
      case SpanKind::kVerbatim:
        return verbatim(span);
      case SpanKind::kComment:
        return comment(span);
      case SpanKind::kParameter:
      case SpanKind::kTable:
      case SpanKind::kDropped:
        break;
    }
    return drop(span);
  }

  size_t drop(const Span& span) {
    scar();
    return span.end;
  }

  /// A tag that encloses nothing, or whose content is wikitext.
  size_t lone_tag(size_t position, size_t end) {
    const std::string_view name = tag_name_at(page_, position);
    const Tag* tag = name.empty() ? nullptr : find_tag(name);
    if (tag == nullptr) {
      line_ += '<';
      return position + 1;
    }
    const bool closes = page_[position + 1] == '/';
    size_t tag_end = find_tag_end(page_, position);
    if (tag_end == std::string_view::npos || tag_end > end) tag_end = position + 1 + (closes ? 1 : 0) + name.size();
    if (tag->line_break != TagBreak::kNone) {
      break_line();
      if (tag->line_break == TagBreak::kParagraph && !in_heading_) starts_paragraph_ = true;
    }
    if (tag->name == "sup" && !closes) return superscript(tag_end);
    if (tag->content != TagContent::kWikitext) scar();
    return tag_end;
  }

  /// "10<sup>6</sup>" is not 106, nor "m<sup>2</sup>" m2: short numbers become superscript characters.
  size_t superscript(size_t position) {
    constexpr std::string_view kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    constexpr size_t kLongest = 5;
    const size_t length = page_.substr(position, kLongest + 1).find("</");
    if (length == std::string_view::npos || length == 0) return position;
    std::string raised;
    std::string_view number = page_.substr(position, length);
    for (const std::string_view minus : {"-", "−", "&minus;"}) {
      if (!number.starts_with(minus)) continue;
      raised += "⁻";
      number.remove_prefix(minus.size());
    }
    for (const char digit : number) {
      if (digit < '0' || digit > '9') return position;
      raised += kDigits[digit - '0'];
    }
    line_ += raised;
    return position + length;
  }

  /// A comment alone on its line takes the line with it, as in MediaWiki: it divides no paragraph.
  size_t comment(const Span& span) {
    size_t before = span.begin;
    while (before > 0 && page_[before - 1] == ' ') --before;
    const size_t after = page_.find_first_not_of(' ', span.end);
    const bool is_alone =
        (before == 0 || page_[before - 1] == '\n') && after != std::string_view::npos && page_[after] == '\n';
    if (is_alone && !in_heading_ && depth_ == 1) return begin_line(after + 1, page_.size());
    return drop(span);
  }

  size_t verbatim(const Span& span) {
    const bool is_block = find_tag(tag_name_at(page_, span.begin))->line_break != TagBreak::kNone;
    if (is_block) break_line();
    for (size_t position = span.content_begin; position < span.content_end;) {
      if (page_[position] == '&') {
        position = entity(position);
      } else if (page_[position] == '\n') {
        break_line();
        ++position;
      } else {
        const size_t next = kVerbatimMarks.find(page_, position, span.content_end);
        line_ += between(position, next);
        position = next;
      }
    }
    if (is_block) break_line();
    return span.end;
  }

  // --- Links
  // -----------------------------------------------------------------------------------------------------------

  size_t link(const Span& span) {
    const size_t bar = find_bar(span.content_begin, span.content_end);
    const std::string_view written = between(span.content_begin, bar);
    // A title has 255 bytes at most, an address some more, and both stand on one line: else these are two slips, no
    // link.
    constexpr size_t kLongestTarget = 1024;
    if (written.size() > kLongestTarget || trimmed(written).find('\n') != std::string_view::npos)
      return span.content_begin;
    const LinkTarget target = parse_link_target(written);
    if (target.kind == LinkKind::kSilent || depth_ >= kMaxDepth) return drop(span);
    if (is_url(target.words)) {
      // "[[http://example.com words]]": a slip, but a frequent one
      const size_t space = kSpaces.find(page_, span.content_begin, span.content_end);
      render_or_scar(bar < span.content_end ? bar + 1 : space, span.content_end);
    } else if (bar == span.content_end) {
      const size_t begin = static_cast<size_t>(target.words.data() - page_.data());
      render_or_scar(begin, begin + target.words.size());
    } else if (bar + 1 == span.content_end) {
      // "[[사과 (과일)|]]", the pipe trick
      line_ += trimmed(target.words.substr(0, target.words.find(" (")));
    } else {
      render_or_scar(bar + 1, span.content_end);
    }
    return span.end;
  }

  size_t external_link(const Span& span) {
    const size_t space = kSpaces.find(page_, span.content_begin, span.content_end);
    if (space == span.content_end || depth_ >= kMaxDepth) return drop(span);
    render_or_scar(space, span.content_end);
    return span.end;
  }

  void render_or_scar(size_t begin, size_t end) {
    if (trimmed(between(begin, end)).empty()) {
      scar();
    } else {
      render(begin, end);
    }
  }

  /// "-{zh-hans:A;zh-hant:B}-" shows A, "-{words}-" its words.
  size_t variant(const Span& span) {
    if (line_.ends_with('-')) line_.pop_back();
    const std::string_view content = between(span.content_begin, span.content_end);
    const size_t colon = content.find(':');
    if (colon == std::string_view::npos || !trimmed(content).starts_with("zh")) {
      render_nested(span.content_begin, span.content_end);
    } else {
      const size_t end = std::min(content.find(';', colon), content.size());
      render_nested(span.content_begin + colon + 1, span.content_begin + end);
    }
    return span.end;
  }

  void render_nested(size_t begin, size_t end) {
    if (depth_ < kMaxDepth) {
      render_or_scar(begin, end);
    } else {
      scar();
    }
  }

  // --- Templates
  // -------------------------------------------------------------------------------------------------------

  size_t template_(const Span& span) {
    const size_t name_end = kNameEnds.find(page_, span.content_begin, span.content_end);
    const std::string_view name = trimmed(between(span.content_begin, name_end));
    if (!is_template_name(name, name_end, span.content_end)) return span.content_begin;  // braces around text
    const KeptTemplate* kept = find_kept_template(name);
    if (kept == nullptr || depth_ >= kMaxDepth) return drop(span);
    render_template(*kept, name, arguments_of(span));
    return span.end;
  }

  /// A name stands on one line: what goes on in another one, or holds a link, is text that a template swallowed.
  bool is_template_name(std::string_view name, size_t name_end, size_t end) const {
    if (name.starts_with('#') || name_end == end || page_[name_end] == '|' || page_[name_end] == '{') return true;
    if (page_[name_end] == '<') return !name.empty();
    if (page_[name_end] != '\n') return false;
    const size_t next = page_.find_first_not_of(" \t\r\n", name_end);
    return name.empty() || next >= end || page_[next] == '|' || page_[next] == '<' || page_[next] == '{';
  }

  struct Argument {
    std::string_view name;  // empty: positional
    size_t begin;
    size_t end;
  };

  std::vector<Argument> arguments_of(const Span& span) const {
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

  /// The positional argument of that number, from 1; one named by its number counts as well.
  static const Argument* find_argument(const std::vector<Argument>& arguments, int number) {
    const std::string name = std::to_string(number);
    int position = 0;
    for (const Argument& argument : arguments) {
      if (argument.name == name || (argument.name.empty() && ++position == number)) return &argument;
    }
    return nullptr;
  }

  void render_argument(const Argument* argument) {
    if (argument == nullptr) {
      scar();
      return;
    }
    const std::string_view words = trimmed(between(argument->begin, argument->end));
    const size_t begin = words.empty() ? argument->begin : static_cast<size_t>(words.data() - page_.data());
    render_or_scar(begin, begin + words.size());
  }

  void render_template(const KeptTemplate& kept, std::string_view name, const std::vector<Argument>& arguments) {
    const Argument* main_argument = find_argument(arguments, kept.argument);
    switch (kept.result) {
      case TemplateResult::kLiteral:
        line_ += kept.literal;
        break;
      case TemplateResult::kArgument:
        render_argument(main_argument);
        break;
      case TemplateResult::kLastArgument: {
        const auto last =
            std::find_if(arguments.rbegin(), arguments.rend(), [](const Argument& a) { return a.name.empty(); });
        render_argument(last == arguments.rend() ? nullptr : &*last);
        break;
      }
      case TemplateResult::kLanguage: {
        const Argument* code = find_argument(arguments, 1);
        introduce_language(code == nullptr ? std::string_view() : between(code->begin, code->end), main_argument);
        break;
      }
      case TemplateResult::kOwnLanguage:
        introduce_language(name.substr(name.find('-') + 1), main_argument);
        break;
      case TemplateResult::kQuantity:
        render_argument(main_argument);
        line_ += ' ';
        render_argument(find_argument(arguments, 2));
        break;
      case TemplateResult::kBase:
        render_argument(main_argument);
        line_ += '(';
        render_argument(find_argument(arguments, 2));
        line_ += ')';
        break;
      case TemplateResult::kBlock: {
        if (main_argument == nullptr) {
          const auto named =
              std::ranges::find_if(arguments, [](const Argument& a) { return is_content_argument(a.name); });
          if (named != arguments.end()) main_argument = &*named;
        }
        if (!in_heading_) end_paragraph();
        render_argument(main_argument);
        if (!in_heading_) end_paragraph();
        break;
      }
    }
  }

  void introduce_language(std::string_view code, const Argument* words) {
    const std::string_view language = language_name(code);
    if (words != nullptr && !language.empty() && !trimmed(between(words->begin, words->end)).empty()) {
      line_ += language;
      line_ += ": ";
    }
    render_argument(words);
  }

  std::string_view page_;
  std::vector<Span> spans_;
  std::string text_;
  std::string line_;                                           // the line being written
  std::string_view bullet_;                                    // what goes before it if it has words
  std::vector<size_t> scars_;                                  // where in line_ something was removed
  std::vector<std::pair<int, std::string>> pending_headings_;  // level and words; no text has followed yet
  bool starts_paragraph_ = false;
  bool in_heading_ = false;
  bool in_broken_table_ = false;  // behind a "{|" that nobody closed
  int depth_ = 0;
};

}  // namespace

std::string wikitext_to_text(std::string_view wikitext) {
  if (is_redirect(wikitext)) return {};
  return Renderer(wikitext).run();
}

}  // namespace ktlm::text
