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
  kLabelled,  // {{ko-hhrm|서울|漢陽}}, {{zh|t=臺灣|p=Táiwān}}: "서울, 한자: 漢陽", "정체자: 臺灣, 병음: Táiwān"
  kQuantity,  // {{convert|12|km|mi}}, {{convert|3|-|5|km}}: "12 km", "3-5 km"
  kNumber,    // {{val|1.5|0.2|e=3|u=m}}: "1.5±0.2×10³ m"
  kFraction,  // {{frac|1|2}}: "1/2"
  kDate,      // {{시작일|1988|9|17}}: "1988년 9월 17일"
  kJoined,    // {{chem|H|2|O}}: "H2O"
  kBase,     // {{루비|漢字|한자}}, {{nihongo|도쿄|東京|Tōkyō}}: "漢字(한자)", "도쿄(東京, Tōkyō)"
  kCountry,  // {{국기|KOR}}, {{KOR}}: "대한민국"
  kBlock,    // {{인용문|words}}: a paragraph of its own
  kNameWords,  // {{formatnum:1234}}: what stands behind the colon
  kPrefixed,   // {{USD|5}}: "US$5"
  kLiteral,    // {{!}}: "|"
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
