// Which of a page's blocks are its main text.
#pragma once

#include <vector>

#include "html_blocks.h"
#include "html_tree.h"

namespace ktlm::text {

/// The blocks to keep, in order; `blocks` are those of the subtree of `body`.
std::vector<HtmlBlock> select_main_text(const HtmlTree& tree, int32_t body, std::vector<HtmlBlock> blocks);

}  // namespace ktlm::text
