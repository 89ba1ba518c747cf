// What the ids and classes of an element say about it. Sites name their parts for their style sheets: "article_view",
// "related-news", "reply_list".
#pragma once

#include "html_tree.h"

namespace ktlm::text {

/// Whether a name says that the element holds the main text, by the names that Korean portals, newspapers, blogs and
/// boards use and those of common publishing systems.
bool is_named_main_text(const HtmlTree& tree, const HtmlNode& node);

/// Whether a name says that the element is beside the main text: menus, comments, related articles, share buttons,
/// advertising, banners.
bool is_named_boilerplate(const HtmlTree& tree, const HtmlNode& node);

}  // namespace ktlm::text
