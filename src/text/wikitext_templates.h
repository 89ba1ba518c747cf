// The templates whose words stay, in Korean and in English. All others go; a template that is missed is added to the
// table in wikitext_templates.cpp and nowhere else.
#pragma once

#include <cstdint>
#include <string_view>

namespace ktlm::text {

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
/// {{동음이의}}, {{disambig}}, ...
bool is_disambiguation_template(std::string_view name);

}  // namespace ktlm::text
