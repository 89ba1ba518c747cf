// The vocabulary of wikitext: which tags, templates, namespaces and sections there are, in Korean and in English, and
// what becomes of each. A project that lacks a name here adds it in wikitext_names.cpp and nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ktlm::text {

inline bool is_ascii_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
std::string_view trimmed(std::string_view text);  // of ASCII white space

/// "http://", "mailto:", ...; "//" as well.
bool is_url(std::string_view text);

enum class TagContent : uint8_t {
  kWikitext,  // <small>: the tag goes, what it encloses is wikitext
  kVerbatim,  // <nowiki>: the tag goes, what it encloses is plain text
  kDropped,   // <ref>: goes with all it encloses
  kTable,     // <table>: likewise, but may nest
};

enum class TagBreak : uint8_t { kNone, kLine, kParagraph };

struct Tag {
  std::string_view name;
  TagContent content;
  TagBreak line_break;
};

/// The tag of that name, in any case, or null: then "<name>" is text.
const Tag* find_tag(std::string_view name);

enum class LinkKind : uint8_t {
  kPage,     // its words stay
  kSilent,   // a file, a category, a link to the page in another language
  kVisible,  // ":분류:", "위키낱말사전:": its words stay, without the prefix
};
struct LinkTarget {
  LinkKind kind;
  std::string_view words;  // the target without the prefixes that readers would not miss
};
LinkTarget parse_link_target(std::string_view target);

/// What a template leaves behind.
enum class TemplateResult : uint8_t {
  kArgument,      // {{nowrap|words}}: the argument of number `argument`
  kLastArgument,  // {{글자색|red|words}}
  kLanguage,      // {{llang|de|Berlin}}: "독일어: Berlin"
  kOwnLanguage,   // {{lang-de|Berlin}}: the same, named in the template's name
  kQuantity,      // {{convert|12|km|mi}}: "12 km"
  kBase,          // {{루비|漢字|한자}}: "漢字(한자)"
  kBlock,         // {{인용문|words}}: a paragraph of its own
  kLiteral,       // {{!}}: "|"
};
struct KeptTemplate {
  std::string_view name;
  TemplateResult result;
  int argument = 1;
  std::string_view literal = {};
};

/// Null for the templates that go. `name` as written between the braces.
const KeptTemplate* find_kept_template(std::string_view name);
/// Whether a named argument holds what the first positional one otherwise does: "1", "인용문", "text", ...
bool is_content_argument(std::string_view name);
/// "de" -> "독일어"; empty for a code not listed.
std::string_view language_name(std::string_view code);

/// 같이 보기, 각주, External links, ...: lists for editors rather than readers.
bool is_cut_section(std::string_view heading);
/// {{동음이의}}, {{disambig}}, ...
bool is_disambiguation_template(std::string_view name);
/// "목차", "TOC", ...: what stands between two pairs of underscores; at most that of behaviour switches.
bool is_behaviour_switch(std::string_view word);

}  // namespace ktlm::text
