// An HTML page as a list of nodes in document order, each with the place where its content ends: ancestors, subtrees
// and sums over them need neither recursion nor pointers, however deep a page nests.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "html_tags.h"

namespace ktlm::text {

inline constexpr TagId kTextNode = tag_of("#text");

struct HtmlNode {
  TagId tag = 0;
  bool is_hidden = false;  // hidden, aria-hidden="true", display:none
  int32_t parent = -1;
  int32_t end = 0;          // one behind its last descendant
  int32_t attributes = -1;  // into HtmlTree::attributes
  std::string_view text;    // of a text node, references not decoded
};

struct HtmlAttributes {
  std::string_view id;
  std::string_view class_names;
  std::string_view role;
  std::string_view itemprop;
};

struct HtmlTree {
  std::vector<HtmlNode> nodes;  // nodes[0] is the document
  std::vector<HtmlAttributes> attributes;
};

/// Takes any markup and repairs it much as browsers do, in linear time. The tree's views are into `page`, which is at
/// most 2 GB.
HtmlTree parse_html(std::string_view page);

}  // namespace ktlm::text
