// The text of an HTML tree in blocks: a paragraph, a heading, a list's item, as they stand on the page. Elements that
// never hold text of the page (scripts, navigation, pictures, what is hidden) are left out here already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "html_tree.h"

namespace ktlm::text {

struct HtmlBlock {
  std::string text;       // white space collapsed but for <pre>; line breaks as '\n'
  int32_t node = 0;       // of its first text
  size_t link_bytes = 0;  // of text, within <a>
  int heading_level = 0;  // 0: no heading
  bool starts_item = false;
  bool is_preformatted = false;
};

/// The blocks within the subtree of `root`, in order; none of them is empty.
std::vector<HtmlBlock> collect_blocks(const HtmlTree& tree, int32_t root);

/// The text of a subtree, white space collapsed.
std::string text_of(const HtmlTree& tree, int32_t root);

}  // namespace ktlm::text
