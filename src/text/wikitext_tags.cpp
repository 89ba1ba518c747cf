#include "wikitext_tags.h"

#include <algorithm>
#include <array>

#include "byte_set.h"
#include "name_table.h"

namespace ktlm::text {
namespace {

using enum TagContent;
using enum TagBreak;

// HTML that MediaWiki allows, its own extension tags, and those of extensions that Wikipedia runs.
constexpr auto kTags = std::to_array<Tag>({{"abbr", kWikitext, kNone},
                                           {"b", kWikitext, kNone},
                                           {"bdi", kWikitext, kNone},
                                           {"bdo", kWikitext, kNone},
                                           {"big", kWikitext, kNone},
                                           {"blockquote", kWikitext, kParagraph},
                                           {"br", kWikitext, kLine},
                                           {"caption", kWikitext, kLine},
                                           {"categorytree", kDropped, kNone},
                                           {"ce", kDropped, kNone},
                                           {"center", kWikitext, kLine},
                                           {"charinsert", kDropped, kNone},
                                           {"chem", kDropped, kNone},
                                           {"cite", kWikitext, kNone},
                                           {"code", kWikitext, kNone},
                                           {"data", kWikitext, kNone},
                                           {"dd", kWikitext, kLine},
                                           {"del", kWikitext, kNone},
                                           {"dfn", kWikitext, kNone},
                                           {"div", kWikitext, kLine},
                                           {"dl", kWikitext, kLine},
                                           {"dt", kWikitext, kLine},
                                           {"em", kWikitext, kNone},
                                           {"font", kWikitext, kNone},
                                           {"gallery", kDropped, kNone},
                                           {"graph", kDropped, kNone},
                                           {"h1", kWikitext, kParagraph},
                                           {"h2", kWikitext, kParagraph},
                                           {"h3", kWikitext, kParagraph},
                                           {"h4", kWikitext, kParagraph},
                                           {"h5", kWikitext, kParagraph},
                                           {"h6", kWikitext, kParagraph},
                                           {"hiero", kDropped, kNone},
                                           {"hr", kWikitext, kParagraph},
                                           {"i", kWikitext, kNone},
                                           {"imagemap", kDropped, kNone},
                                           {"includeonly", kDropped, kNone},
                                           {"indicator", kDropped, kNone},
                                           {"inputbox", kDropped, kNone},
                                           {"ins", kWikitext, kNone},
                                           {"kbd", kWikitext, kNone},
                                           {"li", kWikitext, kLine},
                                           {"mapframe", kDropped, kNone},
                                           {"maplink", kDropped, kNone},
                                           {"mark", kWikitext, kNone},
                                           {"math", kDropped, kNone},
                                           {"noinclude", kWikitext, kNone},
                                           {"nowiki", kVerbatim, kNone},
                                           {"ol", kWikitext, kLine},
                                           {"onlyinclude", kWikitext, kNone},
                                           {"p", kWikitext, kParagraph},
                                           {"phonos", kDropped, kNone},
                                           {"poem", kWikitext, kLine},
                                           {"pre", kVerbatim, kLine},
                                           {"q", kWikitext, kNone},
                                           {"rb", kWikitext, kNone},
                                           {"ref", kDropped, kNone},
                                           {"references", kDropped, kNone},
                                           {"rp", kReading, kNone},
                                           {"rt", kReading, kNone},
                                           {"rtc", kReading, kNone},
                                           {"ruby", kWikitext, kNone},
                                           {"s", kWikitext, kNone},
                                           {"samp", kWikitext, kNone},
                                           {"score", kDropped, kNone},
                                           {"section", kWikitext, kNone},
                                           {"small", kWikitext, kNone},
                                           {"source", kDropped, kNone},
                                           {"span", kWikitext, kNone},
                                           {"strike", kWikitext, kNone},
                                           {"strong", kWikitext, kNone},
                                           {"sub", kWikitext, kNone},
                                           {"sup", kWikitext, kNone},
                                           {"syntaxhighlight", kDropped, kNone},
                                           {"table", kTable, kLine},
                                           {"tbody", kWikitext, kLine},
                                           {"td", kWikitext, kLine},
                                           {"templatedata", kDropped, kNone},
                                           {"templatestyles", kDropped, kNone},
                                           {"th", kWikitext, kLine},
                                           {"thead", kWikitext, kLine},
                                           {"time", kWikitext, kNone},
                                           {"timeline", kDropped, kNone},
                                           {"tr", kWikitext, kLine},
                                           {"tt", kWikitext, kNone},
                                           {"u", kWikitext, kNone},
                                           {"ul", kWikitext, kLine},
                                           {"var", kWikitext, kNone},
                                           {"wbr", kWikitext, kNone}});
static_assert(is_sorted_by_name(kTags));

constexpr ByteSet kAngles("<>");

}  // namespace

const Tag* find_tag(std::string_view name) { return find_by_name(kTags, canonical_name(name)); }

size_t find_tag_end(std::string_view wikitext, size_t position, TagContent content) {
  const bool takes_any = content == TagContent::kDropped || content == TagContent::kVerbatim;
  size_t end = kAngles.find(wikitext, position + 1, wikitext.size());
  if (takes_any && end < wikitext.size() && wikitext[end] == '<') {
    constexpr size_t kLongest = 1000;
    const size_t length = wikitext.substr(end, kLongest).find_first_of(">\n");
    end = length == std::string_view::npos ? wikitext.size() : end + length;
  }
  return end < wikitext.size() && wikitext[end] == '>' ? end + 1 : std::string_view::npos;
}

bool append_superscript(std::string_view number, std::string& out) {
  constexpr std::string_view kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string raised;
  for (const std::string_view minus : {"-", "−", "&minus;"}) {
    if (!number.starts_with(minus)) continue;
    raised += "⁻";
    number.remove_prefix(minus.size());
    break;
  }
  for (const char digit : number) {
    if (digit < '0' || digit > '9') return false;
    raised += kDigits[digit - '0'];
  }
  out += raised;
  return true;
}

std::string_view tag_name_at(std::string_view wikitext, size_t position) {
  size_t begin = position + 1;
  if (begin < wikitext.size() && wikitext[begin] == '/') ++begin;
  size_t end = begin;
  constexpr size_t kLongest = 20;
  while (end < wikitext.size() && end - begin < kLongest && is_ascii_alphanumeric(wikitext[end])) ++end;
  return wikitext.substr(begin, end - begin);
}

}  // namespace ktlm::text
