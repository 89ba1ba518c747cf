// Which opening mark of a page belongs to which closing one. Found in one pass before anything is rendered, so that the
// renderer can step over a template or a reference at once and never has to go back for a mark that nobody closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ktlm::text {

enum class SpanKind : uint8_t {
  kTemplate,      // {{...}}
  kParameter,     // {{{...}}}
  kLink,          // [[...]]
  kExternalLink,  // [http://...], on one line
  kTable,         // {| ... |}, <table>...</table>
  kVariant,       // -{...}-, without the first hyphen
  kComment,       // <!-- ... -->
  kVerbatim,      // <nowiki>...</nowiki>, <pre>...</pre>
  kDropped,       // <ref>...</ref> and other tags whose content is no prose; <ref ... />; <rt>...
};

struct Span {
  size_t begin;
  size_t content_begin;
  size_t content_end;
  size_t end;
  SpanKind kind;
};

/// The balanced spans, sorted by where they begin; they nest or are apart, but never overlap. Marks without a partner
/// are in no span. Linear in time, but for the sorting.
std::vector<Span> find_spans(std::string_view wikitext);

}  // namespace ktlm::text
