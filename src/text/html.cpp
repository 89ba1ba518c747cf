// A page goes through four steps: a tree of elements (html_scanner, html_parser), blocks of text (html_blocks), the
// choice among them (html_main_text), the layout (here).
#include "ktlm/text/html.h"

#include <algorithm>
#include <string>

#include "html_blocks.h"
#include "html_main_text.h"
#include "html_tree.h"
#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"
#include "ktlm/text/utf8.h"
#include "text_writer.h"

namespace ktlm::text {
namespace {

constexpr size_t kMaxBytes =
    size_t{700} << 20;  // a byte may become the three of U+FFFD, and nodes are counted in 32 bits

/// The first element `tag`, or -1.
int32_t find_first(const HtmlTree& tree, TagId tag) {
  const auto found = std::ranges::find(tree.nodes, tag, &HtmlNode::tag);
  return found == tree.nodes.end() ? -1 : static_cast<int32_t>(found - tree.nodes.begin());
}

std::string title_of(const HtmlTree& tree) {
  for (const TagId tag : {tag_of("title"), tag_of("h1")}) {
    const int32_t element = find_first(tree, tag);
    if (element < 0) continue;
    if (std::string title = text_of(tree, element); !title.empty()) return title;
  }
  return {};
}

std::string lay_out(std::vector<HtmlBlock> blocks) {
  TextWriter writer;
  bool last_was_item = false;
  for (HtmlBlock& block : blocks) {
    if (block.heading_level > 0) {
      writer.add_heading(block.heading_level, std::move(block.text));
      last_was_item = false;
      continue;
    }
    if (!block.starts_item || !last_was_item) writer.end_paragraph();
    writer.add_line(block.starts_item ? "- " : "", block.text);
    last_was_item = block.starts_item;
  }
  return writer.finish();
}

}  // namespace

HtmlText html_to_text(std::string_view html) {
  if (html.size() > kMaxBytes) {
    throw Error("an HTML page of " + format_bytes(static_cast<int64_t>(html.size())) +
                "; at most 700 MB can be parsed at once; split it");
  }
  std::string page = repair_utf8(html);
  std::ranges::replace(page, '\0', ' ');
  const HtmlTree tree = parse_html(page);
  const int32_t body = std::max(find_first(tree, tag_of("body")), 0);
  HtmlText result;
  result.title = title_of(tree);
  result.text = lay_out(select_main_text(tree, body, collect_blocks(tree, body)));
  return result;
}

}  // namespace ktlm::text
