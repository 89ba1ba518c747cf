// What stands between marks that belong together: links, templates, tags with their content.
#include <algorithm>

#include "byte_set.h"
#include "wikitext_names.h"
#include "wikitext_renderer.h"
#include "wikitext_tags.h"

namespace ktlm::text {
namespace {

// MediaWiki itself expands templates 40 deep.
constexpr int kMaxDepth = 40;

constexpr ByteSet kVerbatimMarks("&\n");
constexpr ByteSet kUrlEnds(" \t\"<>'\xE3");
constexpr std::string_view kIdeographicSpace = "\xE3\x80\x80";

}  // namespace

size_t WikitextRenderer::render_span(const Span& span) {
  switch (span.kind) {
    case SpanKind::kLink:
      return render_link(span);
    case SpanKind::kExternalLink:
      return render_external_link(span);
    case SpanKind::kTemplate:
      return render_template(span);
    case SpanKind::kVariant:
      return render_variant(span);
    case SpanKind::kVerbatim:
      return render_verbatim(span);
    case SpanKind::kComment:
      return skip_comment(span);
    case SpanKind::kParameter:
    case SpanKind::kTable:
    case SpanKind::kDropped:
      break;
  }
  return drop(span);
}

size_t WikitextRenderer::drop(const Span& span) {
  const bool had_words =
      span.kind == SpanKind::kTemplate || span.kind == SpanKind::kParameter || span.kind == SpanKind::kLink;
  had_words ? scar_of_words() : scar();
  return span.end;
}

// A comment alone on its line takes the line with it, as in MediaWiki: it divides no paragraph.
size_t WikitextRenderer::skip_comment(const Span& span) {
  size_t before = span.begin;
  while (before > 0 && page_[before - 1] == ' ') --before;
  const size_t after = page_.find_first_not_of(' ', span.end);
  const bool is_alone =
      (before == 0 || page_[before - 1] == '\n') && after != std::string_view::npos && page_[after] == '\n';
  if (is_alone && !in_heading_ && depth_ == 1) return begin_line(after + 1, page_.size());
  return drop(span);
}

size_t WikitextRenderer::render_verbatim(const Span& span) {
  const bool is_block = find_tag(tag_name_at(page_, span.begin))->line_break != TagBreak::kNone;
  if (is_block) {
    break_line();
    begin_block();
  }
  for (size_t position = span.content_begin; position < span.content_end;) {
    if (page_[position] == '&') {
      position = entity(position);
    } else if (page_[position] == '\n') {
      break_line();
      ++position;
    } else {
      const size_t next = kVerbatimMarks.find(page_, position, span.content_end);
      line_ += view_.between(position, next);
      position = next;
    }
  }
  if (is_block) break_line();
  return span.end;
}

size_t WikitextRenderer::render_link(const Span& span) {
  const size_t bar = view_.find_bar(span.content_begin, span.content_end);
  const std::string_view written = view_.between(span.content_begin, bar);
  // A title has 255 bytes at most, an address some more, and both stand on one line; otherwise these are two slips.
  constexpr size_t kLongestTarget = 1024;
  const bool is_target = written.size() <= kLongestTarget && trimmed(written).find('\n') == std::string_view::npos &&
                         written.find("[[") == std::string_view::npos;
  if (!is_target) return span.content_begin;
  const LinkTarget target = parse_link_target(written);
  if (target.kind == LinkKind::kSilent) return drop(span);
  if (is_url(target.words)) {
    // "[[http://example.com words]]": a slip, but a frequent one
    const size_t url_end = find_url_end(span.content_begin, span.content_end);
    render_words(bar < span.content_end ? bar + 1 : url_end, span.content_end);
  } else if (bar == span.content_end) {
    const size_t begin = static_cast<size_t>(target.words.data() - page_.data());
    render_words(begin, begin + target.words.size());
  } else if (bar + 1 == span.content_end) {
    // "[[사과 (과일)|]]", the pipe trick
    line_ += trimmed(target.words.substr(0, target.words.find(" (")));
  } else {
    render_words(bar + 1, span.content_end);
  }
  return span.end;
}

// As MediaWiki ends an address; a comment or a single apostrophe does not.
size_t WikitextRenderer::find_url_end(size_t position, size_t end) const {
  while ((position = kUrlEnds.find(page_, position, end)) < end) {
    const Span* span = page_[position] == '<' ? view_.span_at(position) : nullptr;
    if (span != nullptr && span->kind == SpanKind::kComment) {
      position = span->end;
      continue;
    }
    const std::string_view rest = page_.substr(position, kIdeographicSpace.size());
    const bool is_part =
        (rest[0] == '\'' && !rest.starts_with("''")) || (rest[0] == '\xE3' && rest != kIdeographicSpace);
    if (!is_part) break;
    ++position;
  }
  return std::min(position, end);
}

size_t WikitextRenderer::render_external_link(const Span& span) {
  size_t label = find_url_end(span.content_begin, span.content_end);
  while (label < span.content_end && page_[label] == ' ') ++label;
  render_words(label, span.content_end);
  return span.end;
}

// "-{zh-hans:A;zh-hant:B}-" shows A, "-{words}-" its words.
size_t WikitextRenderer::render_variant(const Span& span) {
  if (line_.ends_with('-')) line_.pop_back();
  const std::string_view content = view_.between(span.content_begin, span.content_end);
  const size_t colon = content.find(':');
  if (colon == std::string_view::npos || !trimmed(content).starts_with("zh")) {
    render_words(span.content_begin, span.content_end);
  } else {
    const size_t end = std::min(content.find(';', colon), content.size());
    render_words(span.content_begin + colon + 1, span.content_begin + end);
  }
  return span.end;
}

size_t WikitextRenderer::render_template(const Span& span) {
  const auto name = view_.template_name(span);
  if (!name) return span.content_begin;
  const KeptTemplate* kept = find_kept_template(*name);
  if (kept == nullptr) return drop(span);
  render_kept(*kept, *name, span);
  return span.end;
}

void WikitextRenderer::render_argument(const Argument* argument) {
  if (argument == nullptr) {
    scar_of_words();
    return;
  }
  const std::string_view words = trimmed(view_.between(argument->begin, argument->end));
  const size_t begin = static_cast<size_t>(words.data() - page_.data());
  render_words(begin, begin + words.size());
}

bool WikitextRenderer::is_too_deep() const { return depth_ >= kMaxDepth; }

void WikitextRenderer::render_words(size_t begin, size_t end) {
  if (is_too_deep() || trimmed(view_.between(begin, end)).empty()) {
    scar_of_words();
  } else {
    render(begin, end);
  }
}

}  // namespace ktlm::text
