#include "ktlm/text/wikitext.h"

#include <algorithm>
#include <array>
#include <utility>

#include "byte_set.h"
#include "html_entities.h"
#include "mend.h"
#include "wikitext_names.h"
#include "wikitext_renderer.h"
#include "wikitext_tags.h"

namespace ktlm::text {
namespace {

constexpr ByteSet kInlineMarks("\n{}[]<&'_");

// Tags whose content the line before may introduce. A <div>, <p> or <li> may as well be that line's sibling.
bool begins_block(std::string_view tag) {
  constexpr auto kNames = std::to_array<std::string_view>({"blockquote", "dl", "ol", "poem", "ul"});
  return std::ranges::find(kNames, tag) != kNames.end();
}

}  // namespace

std::string wikitext_to_text(std::string_view wikitext) {
  if (is_redirect(wikitext)) return {};
  return WikitextRenderer(wikitext).run();
}

std::string WikitextRenderer::run() {
  render(begin_line(0, page_.size()), page_.size());
  end_line();
  return writer_.finish();
}

// Mends the line and writes it, if any words are left in it; otherwise it divides paragraphs.
void WikitextRenderer::end_line() {
  const auto emptied = std::find_if(scars_.rbegin(), scars_.rend(), [](const Scar& scar) { return scar.had_words; });
  const bool ends_emptied =
      emptied != scars_.rend() && line_.find_first_not_of(" \t,;", emptied->position) == std::string::npos;
  mend_line(line_, scars_);
  const bool has_words = std::ranges::any_of(
      line_, [](char c) { return is_ascii_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80; });
  if (line_.empty() || (!scars_.empty() && !has_words)) {
    divide_paragraphs();
  } else if (ends_emptied && is_label(line_)) {
    give_up_label();
    label_ = {line_, bullet_, list_marks_};
  } else {
    add_line();
  }
  bullet_ = {};
  list_marks_ = {};
  line_.clear();
  scars_.clear();
}

// A label whose words were removed stays where what it introduces follows, and goes otherwise.
void WikitextRenderer::add_line() {
  if (!label_.words.empty() && introduces_line(label_)) writer_.add_line(label_.bullet, label_.words);
  give_up_label();
  writer_.add_line(bullet_, line_);
}

// A block, a deeper list, one of another kind (but not a next term: ';'), or words behind a <br> that no label of
// their own introduces.
bool WikitextRenderer::introduces_line(const WaitingLabel& label) const {
  if (label.before_block) return true;
  if (list_marks_.size() != label.list_marks.size()) {
    if (list_marks_.size() > label.list_marks.size()) return true;
  } else if (list_marks_ != label.list_marks) {
    return !list_marks_.ends_with(';');
  }
  return label.before_break && list_marks_.empty() && !starts_with_label(line_);
}

void WikitextRenderer::give_up_label() {
  if (label_.words.empty()) return;
  if (label_.ends_paragraph) writer_.end_paragraph();
  label_ = {};
}

void WikitextRenderer::divide_paragraphs() {
  if (label_.words.empty()) {
    writer_.end_paragraph();
  } else {
    label_.ends_paragraph = true;
  }
}

void WikitextRenderer::end_paragraph() {
  end_line();
  divide_paragraphs();
}

// Within a line of the page, as at <br>; where nothing has been written on this line yet, it divides nothing.
void WikitextRenderer::break_line() {
  if (in_heading_) {
    line_ += ' ';
  } else if (!line_.empty()) {
    end_line();
  }
}

// Takes what only counts at the start of a line, whole lines at times; returns where inline text begins.
size_t WikitextRenderer::begin_line(size_t position, size_t end) {
  while (position < end) {
    if (const auto heading = view_.heading_at(position, end)) {
      position = add_heading(*heading, end);
      continue;
    }
    const char c = page_[position];
    if (c == '*' || c == '#' || c == ':' || c == ';') {
      const size_t text = page_.find_first_not_of("*#:;", position);
      // Items keep a mark: without one, a list of names reads like a paragraph of broken sentences.
      const char innermost = page_[std::min(text, end) - 1];
      if (innermost == '*' || innermost == '#') bullet_ = "- ";
      list_marks_ = view_.between(position, std::min(text, end));
      return std::min(text, end);
    }
    const bool opens_table = page_.substr(position, 2) == "{|" && view_.span_at(position) == nullptr;
    if (opens_table) in_broken_rows_ = true;
    if (opens_table || ((c == '|' || c == '!') && in_broken_rows_)) {
      if (page_.substr(position, 2) == "|}") in_broken_rows_ = false;
      end_paragraph();
      position = view_.next_line(position, end);
      continue;
    }
    if (page_.substr(position, 4) == "----") {
      end_paragraph();
      return position + run_length(position, end);
    }
    if (c != ' ' && c != '\t') return position;
    // A leading space makes a line preformatted; to the words it does nothing.
    list_marks_ = page_.substr(position, 1);
    position = std::min(page_.find_first_not_of(" \t", position), end);
    if (position < end && page_[position] == '{') continue;  // a table may be indented
    return position;
  }
  return end;
}

// Skips the whole section where the heading says that it holds no prose.
size_t WikitextRenderer::add_heading(const Heading& heading, size_t end) {
  end_paragraph();
  in_broken_rows_ = false;
  in_heading_ = true;
  render(heading.content_begin, heading.content_end);
  in_heading_ = false;
  mend_line(line_, scars_);
  std::string words = std::exchange(line_, {});
  scars_.clear();
  give_up_label();
  const bool is_cut = is_cut_section(words);
  writer_.add_heading(heading.level, is_cut ? std::string() : std::move(words));
  if (!is_cut) return heading.next_line;
  size_t position = heading.next_line;
  while (position < end) {
    const auto next = view_.heading_at(position, end);
    if (next && next->level <= heading.level) break;
    position = view_.next_line(position, end);
  }
  return position;
}

void WikitextRenderer::render(size_t position, size_t end) {
  ++depth_;
  while (position < end) {
    const size_t mark = kInlineMarks.find(page_, position, end);
    line_ += view_.between(position, mark);
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

size_t WikitextRenderer::newline(size_t position, size_t end) {
  if (in_heading_) {
    line_ += ' ';
    return position + 1;
  }
  end_line();
  const bool ends_block = !label_.list_marks.empty() || view_.between(position + 1, end).starts_with('\n');
  if (ends_block) label_.before_break = false;
  return begin_line(position + 1, end);
}

// Runs of 2 (italic), 3 (bold) and 5 (both) apostrophes go; of others MediaWiki shows what is over.
size_t WikitextRenderer::quotes(size_t position, size_t end) {
  const size_t count = run_length(position, end);
  if (count == 1 || count == 4) line_ += '\'';
  if (count > 5) line_.append(count - 5, '\'');
  return position + count;
}

size_t WikitextRenderer::entity(size_t position) {
  const size_t before = line_.size();
  if (!decode_html_entity(page_, position, line_)) {
    line_ += page_[position++];
  } else if (line_.compare(before, std::string::npos, "\xC2\xA0") == 0) {
    line_.replace(before, 2, " ");
  }
  return position;
}

size_t WikitextRenderer::behaviour_switch(size_t position, size_t end) {
  constexpr size_t kLongest = 40;
  const std::string_view rest = view_.between(position, std::min(end, position + kLongest));
  const size_t close = rest.starts_with("__") ? rest.find("__", 2) : std::string_view::npos;
  if (close != std::string_view::npos && is_behaviour_switch(rest.substr(2, close - 2))) {
    scar();
    return position + close + 2;
  }
  line_ += '_';
  return position + 1;
}

// One of { } [ ] <.
size_t WikitextRenderer::bracket(size_t position, size_t end) {
  const char c = page_[position];
  if (const Span* span = view_.span_at(position); span != nullptr && span->end <= end) return render_span(*span);
  if (c == '<') return lone_tag(position, end);
  // A run of marks without a partner, up to the first that has one.
  size_t run_end = position + 1;
  while (run_end < end && page_[run_end] == c && view_.span_at(run_end) == nullptr) ++run_end;
  if (run_end - position == 1) line_ += c;
  if (c == '{' && run_end - position > 1) in_broken_rows_ = true;
  return run_end;
}

// A tag that encloses nothing, or whose content is wikitext.
size_t WikitextRenderer::lone_tag(size_t position, size_t end) {
  const std::string_view name = tag_name_at(page_, position);
  const Tag* tag = name.empty() ? nullptr : find_tag(name);
  if (tag == nullptr) {
    line_ += '<';
    return position + 1;
  }
  const bool closes = page_[position + 1] == '/';
  size_t tag_end = find_tag_end(page_, position, tag->content);
  if (tag_end == std::string_view::npos || tag_end > end) tag_end = position + 1 + (closes ? 1 : 0) + name.size();
  if (tag->line_break != TagBreak::kNone) {
    break_line();
    if (tag->name == "br") label_.before_break = true;
    if (!closes && begins_block(tag->name)) begin_block();
    if (tag->line_break == TagBreak::kParagraph && !in_heading_) divide_paragraphs();
  }
  if (tag->name == "sup" && !closes) return superscript(tag_end);
  if (tag->content != TagContent::kWikitext) scar();
  return tag_end;
}

// "10<sup>6</sup>" is not 106, nor "m<sup>2</sup>" m2: short numbers become superscript characters.
size_t WikitextRenderer::superscript(size_t position) {
  constexpr size_t kLongest = 5;
  const size_t length = page_.substr(position, kLongest + 1).find("</");
  if (length == std::string_view::npos || length == 0) return position;
  return append_superscript(page_.substr(position, length), line_) ? position + length : position;
}

size_t WikitextRenderer::run_length(size_t position, size_t end) const {
  size_t run_end = position;
  while (run_end < end && page_[run_end] == page_[position]) ++run_end;
  return run_end - position;
}

}  // namespace ktlm::text
