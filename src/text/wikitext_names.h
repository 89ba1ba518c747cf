// The names that a page's links and headings go by, in Korean and in English: namespaces, sister projects,
// sections, behaviour switches. A name that is missed is added in wikitext_names.cpp and nowhere else.
#pragma once

#include <cstdint>
#include <string_view>

namespace ktlm::text {

/// Without ASCII white space around it.
std::string_view trimmed(std::string_view text);

/// Starts with "http://", "mailto:", ... or "//", and something follows.
bool is_url(std::string_view text);

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

/// 같이 보기, 각주, External links, ...: lists for editors rather than readers.
bool is_cut_section(std::string_view heading);
/// "목차", "TOC", ...: what stands between two pairs of underscores; at most that of behaviour switches.
bool is_behaviour_switch(std::string_view word);

}  // namespace ktlm::text
