// Wikitext, as Korean Wikipedia writes it, to plain text: a reader of prose wants the words, not the markup.
#pragma once

#include <string>
#include <string_view>

namespace ktlm::text {

/// The words of a page: paragraphs divided by blank lines, headings and list items ("- ...") on lines of their own.
/// Templates, tables, references, files, categories, comments and magic words go, and so do sections that hold no prose
/// (각주, 외부 링크, ...) and headings left without text. The words of links, quotations and language templates stay:
/// {{llang|de|Berlin}} gives "독일어: Berlin", {{시작일|1988|9|17}} "1988년 9월 17일", as readers see it. Brackets,
/// labels and commas left empty are mended. Markup without a partner loses its marks and leaves its words. Linear in
/// time and bounded in depth, whatever the page. Valid UTF-8 gives valid UTF-8. A redirect has no text.
std::string wikitext_to_text(std::string_view wikitext);

/// "#넘겨주기 [[...]]", "#REDIRECT [[...]]".
bool is_redirect(std::string_view wikitext);
/// The page only lists pages of like name: {{동음이의}}, {{disambig}}, ...; or its title says "(동음이의)".
bool is_disambiguation(std::string_view wikitext, std::string_view title);

}  // namespace ktlm::text
