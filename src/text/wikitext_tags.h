// The tags of wikitext: which names are tags at all, and what becomes of what they enclose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ktlm::text {

enum class TagContent : uint8_t {
  kWikitext,  // <small>: the tag goes, what it encloses is wikitext
  kVerbatim,  // <nowiki>: the tag goes, what it encloses is plain text
  kDropped,   // <ref>: goes with all it encloses
  kTable,     // <table>: likewise, but may nest
  kReading,   // <rt>, in <ruby>: likewise, but its end tag may be missing
};

enum class TagBreak : uint8_t { kNone, kLine, kParagraph };

struct Tag {
  std::string_view name;
  TagContent content;
  TagBreak line_break;
};

/// The tag of that name, in any case, or null: then "<name>" is text.
const Tag* find_tag(std::string_view name);

/// Where the tag that starts at `position` (a '<') ends: behind its '>', or npos where there is none before the next
/// '<'. A tag of which nothing stays may hold a '<', within a line: <ref name="<b>a</b>">.
size_t find_tag_end(std::string_view wikitext, size_t position, TagContent content = TagContent::kWikitext);

/// The name of the tag at `position` (a '<', then perhaps a '/'), as written; empty where no letter follows.
std::string_view tag_name_at(std::string_view wikitext, size_t position);

/// Appends the number, perhaps negative, in superscript characters; false, and nothing appended, for what is none.
bool append_superscript(std::string_view number, std::string& out);

inline bool is_ascii_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace ktlm::text
