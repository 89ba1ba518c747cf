// Wikitext, as Korean Wikipedia writes it, to plain text: a reader of prose wants the words, not the markup.
#pragma once

#include <string>
#include <string_view>

namespace ktlm::text {

/// The words of a page: paragraphs divided by blank lines, headings and list items on lines of their own. Templates,
/// tables, references, files, categories, comments and magic words go; the words of links, of language templates
/// ({{llang|de|Berlin}}) and of quotes stay. Linear in time whatever the page; unbalanced markup is taken as text.
std::string wikitext_to_text(std::string_view wikitext);

/// "#넘겨주기 [[...]]", "#REDIRECT [[...]]".
bool is_redirect(std::string_view wikitext);
/// The page only lists pages of like name: {{동음이의}}, {{disambig}}, ...; or its title says "(동음이의)".
bool is_disambiguation(std::string_view wikitext, std::string_view title);

}  // namespace ktlm::text
