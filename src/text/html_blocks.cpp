#include "html_blocks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "html_entities.h"

namespace ktlm::text {
namespace {

constexpr TagId kA = tag_of("a");
constexpr TagId kBr = tag_of("br");
constexpr TagId kH1 = tag_of("h1");
constexpr TagId kH6 = tag_of("h6");
constexpr TagId kHr = tag_of("hr");
constexpr TagId kLi = tag_of("li");
constexpr TagId kPre = tag_of("pre");
constexpr TagId kXmp = tag_of("xmp");

constexpr size_t kMaxHeadingBytes = 400;  // what is longer stands behind a heading that was not ended

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

// Classes by which sites hide what is meant for screen readers, or mark captions and the like within a paragraph.
constexpr auto kUnseenClasses = std::to_array<std::string_view>(
    {"a11y-hidden",   "blind",       "editsection",     "end_photo_org",  "header-anchor",      "headerlink",
     "image-caption", "img_caption", "img_desc",        "invisible",      "mw-editsection",     "noprint",
     "photo_caption", "photo_desc",  "reference",       "screen-out",     "screen-reader-text", "screen_out",
     "sr-only",       "txt_caption", "visually-hidden", "visuallyhidden", "wiki-edit-section",  "wp-caption-text"});
static_assert(std::ranges::is_sorted(kUnseenClasses));

bool is_unseen(const HtmlTree& tree, const HtmlNode& node) {
  if (node.is_hidden || has_trait(node.tag, kNoProse)) return true;
  if (node.attributes < 0) return false;
  std::string_view names = tree.attributes[static_cast<size_t>(node.attributes)].class_names;
  while (!names.empty()) {
    const size_t end = std::min(names.find(' '), names.size());
    if (std::ranges::binary_search(kUnseenClasses, names.substr(0, end))) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

/// How many bytes the zero-width space, byte order mark or soft hyphen at the start of `text` has, else 0.
size_t invisible_at(std::string_view text) {
  if (text.starts_with("\xE2\x80\x8B") || text.starts_with("\xEF\xBB\xBF")) return 3;
  return text.starts_with("\xC2\xAD") ? 2 : 0;
}

/// Appends `text`, its references decoded; of a run of white space one blank, none at the start.
void append_collapsed(std::string& out, std::string_view text) {
  constexpr std::string_view kNoBreakSpace = "\xC2\xA0";
  const auto append_blank = [&] {
    if (!out.empty() && out.back() != ' ' && out.back() != '\n') out += ' ';
  };
  for (size_t i = 0; i < text.size();) {
    if (is_white(text[i])) {
      append_blank();
      ++i;
    } else if (const size_t size = invisible_at(text.substr(i)); size > 0) {
      i += size;
    } else if (text.substr(i, 2) == kNoBreakSpace) {
      append_blank();
      i += 2;
    } else if (std::string decoded; text[i] == '&' && decode_html_entity(text, i, decoded)) {
      if (decoded == kNoBreakSpace) {
        append_blank();
      } else if (invisible_at(decoded) == 0) {
        out += decoded;
      }
    } else {
      out += text[i++];
    }
  }
}

void append_verbatim(std::string& out, std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '&' && decode_html_entity(text, i, out)) continue;
    if (text[i] != '\r') out += text[i];
    ++i;
  }
}

/// "[12]" or "[편집]": what a wiki puts beside its text, to be clicked.
bool is_wiki_mark(std::string_view text) {
  while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
  const std::string_view inner = text.substr(1, text.size() - 2);
  return inner == "편집" || inner == "edit" || inner.find_first_not_of("0123456789") == std::string_view::npos;
}

class BlockCollector {
 public:
  explicit BlockCollector(const HtmlTree& tree) : tree_(tree) {}

  std::vector<HtmlBlock> collect(int32_t root) {
    const auto end = tree_.nodes[static_cast<size_t>(root)].end;
    for (int32_t i = root; i < end;) {
      while (!open_.empty() && node_at(open_.back()).end <= i) leave();
      const HtmlNode& node = node_at(i);
      if (node.tag == kTextNode) {
        add_text(i, node.text);
      } else if (i != root && is_unseen(tree_, node)) {
        i = node.end;
        continue;
      } else {
        enter(i, node.tag);
      }
      ++i;
    }
    while (!open_.empty()) leave();
    end_block();
    return std::move(blocks_);
  }

 private:
  const HtmlNode& node_at(int32_t i) const { return tree_.nodes[static_cast<size_t>(i)]; }

  void enter(int32_t i, TagId tag) {
    if (tag == kBr) {
      if (!block_.text.empty() && block_.text.back() == ' ') block_.text.pop_back();
      if (pre_depth_ == 0 && block_.text.ends_with('\n')) end_block();  // <br><br>, a paragraph's end to many
      if (!block_.text.empty()) block_.text += '\n';
    }
    if (has_trait(tag, kBlock)) end_block();
    if (tag == kA) ++link_depth_;
    if (tag == kPre || tag == kXmp) ++pre_depth_;
    if (tag == kLi) at_item_start_ = true;
    if (tag >= kH1 && tag <= kH6) heading_level_ = tag - kH1 + 1;
    open_.push_back(i);
  }

  void leave() {
    const TagId tag = node_at(open_.back()).tag;
    open_.pop_back();
    if (has_trait(tag, kBlock) && tag != kHr) end_block();
    if (tag == kA) --link_depth_;
    if (tag == kPre || tag == kXmp) --pre_depth_;
    if (tag == kLi) at_item_start_ = false;
    if (tag >= kH1 && tag <= kH6) heading_level_ = 0;
  }

  void add_text(int32_t i, std::string_view text) {
    if (link_depth_ > 0 && is_wiki_mark(text)) return;
    if (block_.text.empty()) block_.node = i;
    const size_t before = block_.text.size();
    if (pre_depth_ > 0) {
      append_verbatim(block_.text, text);
      block_.is_preformatted = true;
    } else {
      append_collapsed(block_.text, text);
    }
    if (link_depth_ > 0) block_.link_bytes += block_.text.size() - before;
  }

  void end_block() {
    while (!block_.text.empty() && is_white(block_.text.back())) block_.text.pop_back();
    if (!block_.text.empty()) {
      block_.heading_level = block_.text.size() <= kMaxHeadingBytes ? heading_level_ : 0;
      block_.starts_item = std::exchange(at_item_start_, false);
      block_.link_bytes = std::min(block_.link_bytes, block_.text.size());
      blocks_.push_back(std::move(block_));
    }
    block_ = {};
  }

  const HtmlTree& tree_;
  std::vector<HtmlBlock> blocks_;
  HtmlBlock block_;
  std::vector<int32_t> open_;
  int link_depth_ = 0;
  int pre_depth_ = 0;
  int heading_level_ = 0;
  bool at_item_start_ = false;
};

}  // namespace

std::vector<HtmlBlock> collect_blocks(const HtmlTree& tree, int32_t root) { return BlockCollector(tree).collect(root); }

std::string text_of(const HtmlTree& tree, int32_t root) {
  std::string text;
  const int32_t end = tree.nodes[static_cast<size_t>(root)].end;
  for (int32_t i = root; i < end; ++i) append_collapsed(text, tree.nodes[static_cast<size_t>(i)].text);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace ktlm::text
