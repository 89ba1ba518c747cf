// The elements of HTML by number, and what the parser and the search for the main text need to know about each.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ktlm::text {

using TagId = uint8_t;

enum TagTrait : uint8_t {
  kVoid = 1,        // has no content and no end tag
  kBlock = 2,       // starts on a line of its own
  kEndsP = 4,       // a <p> that is still open ends before it (WHATWG HTML, 13.2.6.4.7)
  kRawText = 8,     // its content is no markup
  kNoProse = 16,    // nothing in it is text of the page
  kDoubtful = 32,   // in it is prose only where most of the page's prose is: layout tables, a form around the page
  kTablePart = 64,  // ends within its table only
  kInHead = 128,    // does not end <head>
};

struct TagInfo {
  std::string_view name;
  uint8_t traits;
};

// Sorted by name; an element's number is its place.
inline constexpr auto kTags = std::to_array<TagInfo>({
    {"", 0},  // an element that is not listed
    {"#text", 0},
    {"a", 0},
    {"abbr", 0},
    {"acronym", 0},
    {"address", kBlock | kEndsP},
    {"applet", kNoProse},
    {"area", kVoid | kNoProse},
    {"article", kBlock | kEndsP},
    {"aside", kBlock | kEndsP | kNoProse},
    {"audio", kNoProse},
    {"b", 0},
    {"base", kVoid | kInHead},
    {"bdi", 0},
    {"bdo", 0},
    {"big", 0},
    {"blockquote", kBlock | kEndsP},
    {"body", kBlock},
    {"br", kVoid},
    {"button", kNoProse},
    {"canvas", kNoProse},
    {"caption", kBlock | kTablePart | kNoProse},
    {"center", kBlock | kEndsP},
    {"cite", 0},
    {"code", 0},
    {"col", kVoid},
    {"data", 0},
    {"datalist", kNoProse},
    {"dd", kBlock | kEndsP},
    {"del", 0},
    {"details", kBlock | kEndsP},
    {"dfn", 0},
    {"dialog", kBlock | kEndsP | kNoProse},
    {"dir", kBlock | kEndsP},
    {"div", kBlock | kEndsP},
    {"dl", kBlock | kEndsP},
    {"dt", kBlock | kEndsP},
    {"em", 0},
    {"embed", kVoid | kNoProse},
    {"fieldset", kBlock | kEndsP | kDoubtful},
    {"figcaption", kBlock | kEndsP | kNoProse},
    {"figure", kBlock | kEndsP},
    {"font", 0},
    {"footer", kBlock | kEndsP | kNoProse},
    {"foreignobject", kNoProse},
    {"form", kBlock | kEndsP | kDoubtful},
    {"frame", kVoid | kNoProse},
    {"h1", kBlock | kEndsP},
    {"h2", kBlock | kEndsP},
    {"h3", kBlock | kEndsP},
    {"h4", kBlock | kEndsP},
    {"h5", kBlock | kEndsP},
    {"h6", kBlock | kEndsP},
    {"head", kNoProse},
    {"header", kBlock | kEndsP},
    {"hgroup", kBlock | kEndsP},
    {"hr", kVoid | kBlock | kEndsP},
    {"html", kBlock},
    {"i", 0},
    {"iframe", kRawText | kNoProse},
    {"img", kVoid | kNoProse},
    {"input", kVoid | kNoProse},
    {"ins", 0},
    {"kbd", 0},
    {"label", 0},
    {"legend", kBlock | kNoProse},
    {"li", kBlock | kEndsP},
    {"link", kVoid | kNoProse | kInHead},
    {"main", kBlock | kEndsP},
    {"map", kNoProse},
    {"mark", 0},
    {"math", kNoProse},
    {"menu", kBlock | kEndsP | kNoProse},
    {"meta", kVoid | kNoProse | kInHead},
    {"meter", kNoProse},
    {"nav", kBlock | kEndsP | kNoProse},
    {"nobr", 0},
    {"noembed", kRawText | kNoProse},
    {"noframes", kRawText | kNoProse | kInHead},
    {"noscript", kNoProse | kInHead},
    {"object", kNoProse},
    {"ol", kBlock | kEndsP},
    {"optgroup", kNoProse},
    {"option", kNoProse},
    {"output", 0},
    {"p", kBlock | kEndsP},
    {"param", kVoid},
    {"picture", 0},
    {"pre", kBlock | kEndsP},
    {"progress", kNoProse},
    {"q", 0},
    {"rb", 0},
    {"rp", kNoProse},
    {"rt", kNoProse},
    {"ruby", 0},
    {"s", 0},
    {"samp", 0},
    {"script", kRawText | kNoProse | kInHead},
    {"section", kBlock | kEndsP},
    {"select", kNoProse},
    {"slot", 0},
    {"small", 0},
    {"source", kVoid},
    {"span", 0},
    {"strike", 0},
    {"strong", 0},
    {"style", kRawText | kNoProse | kInHead},
    {"sub", 0},
    {"summary", kBlock | kEndsP},
    {"sup", 0},
    {"svg", kNoProse},
    {"table", kBlock | kEndsP | kDoubtful},
    {"tbody", kBlock | kTablePart},
    {"td", kBlock | kTablePart},
    {"template", kNoProse | kInHead},
    {"textarea", kRawText | kNoProse},
    {"tfoot", kBlock | kTablePart},
    {"th", kBlock | kTablePart},
    {"thead", kBlock | kTablePart},
    {"time", 0},
    {"title", kRawText | kNoProse | kInHead},
    {"tr", kBlock | kTablePart},
    {"track", kVoid},
    {"tt", 0},
    {"u", 0},
    {"ul", kBlock | kEndsP},
    {"var", 0},
    {"video", kNoProse},
    {"wbr", kVoid},
    {"xmp", kRawText | kBlock},
});

static_assert(std::ranges::is_sorted(kTags, {}, &TagInfo::name));

/// The number of the element `name`, in lower case; 0 where the table does not list it.
constexpr TagId tag_of(std::string_view name) {
  size_t begin = 0;
  size_t end = kTags.size();
  while (begin < end) {
    const size_t middle = (begin + end) / 2;
    if (kTags[middle].name < name) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin < kTags.size() && kTags[begin].name == name ? static_cast<TagId>(begin) : TagId{0};
}

inline bool has_trait(TagId tag, unsigned traits) { return (kTags[tag].traits & traits) != 0; }

}  // namespace ktlm::text
