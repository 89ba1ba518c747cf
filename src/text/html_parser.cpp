// Tags to a tree, after the parsing rules of WHATWG HTML (section 13.2) as far as they matter for text: which end tags
// may be missing, what a stray end tag closes, where a table keeps it from closing more. Formatting elements are not
// reopened across blocks, as they carry no text. For each element the places of its open instances are kept, so that no
// end tag searches the stack.
#include <algorithm>
#include <array>
#include <utility>

#include "html_scanner.h"
#include "html_tree.h"

namespace ktlm::text {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view page) : scanner_(page) { push(tag_of(""), -1); }

  HtmlTree parse() {
    HtmlTag tag;
    while (!scanner_.at_end()) {
      add_text(scanner_.read_text());
      if (scanner_.at_end()) break;
      const HtmlMarkup markup = scanner_.read_markup(tag);
      if (markup == HtmlMarkup::kStartTag) start_tag(tag);
      if (markup == HtmlMarkup::kEndTag) end_tag(tag.tag);
    }
    pop_to(0);
    return std::move(tree_);
  }

 private:
  static constexpr TagId kA = tag_of("a"), kBody = tag_of("body"), kHead = tag_of("head"), kHtml = tag_of("html"),
                         kLi = tag_of("li"), kUl = tag_of("ul"), kOl = tag_of("ol"), kDd = tag_of("dd"),
                         kDt = tag_of("dt"), kDl = tag_of("dl"), kP = tag_of("p"), kTable = tag_of("table"),
                         kTd = tag_of("td"), kTh = tag_of("th"), kTr = tag_of("tr"), kCaption = tag_of("caption"),
                         kOption = tag_of("option"), kSvg = tag_of("svg"), kMath = tag_of("math"), kBr = tag_of("br"),
                         kH1 = tag_of("h1"), kH6 = tag_of("h6"), kHr = tag_of("hr"), kButton = tag_of("button"),
                         kSelect = tag_of("select"), kInput = tag_of("input"), kTextarea = tag_of("textarea"),
                         kForeignObject = tag_of("foreignobject"), kNoscript = tag_of("noscript"),
                         kTemplate = tag_of("template");

  // --- the stack of open elements; a place in it is 0 for the document

  int last_open(TagId tag) const { return open_[tag].empty() ? -1 : open_[tag].back(); }
  int last_table_cell() const {
    return std::max({last_open(kTable), last_open(kTd), last_open(kTh), last_open(kCaption)});
  }

  void push(TagId tag, int32_t attributes) {
    HtmlNode node;
    node.tag = tag;
    node.parent = stack_.empty() ? -1 : stack_.back();
    node.attributes = attributes;
    const int place = static_cast<int>(stack_.size());
    stack_.push_back(static_cast<int32_t>(tree_.nodes.size()));
    tree_.nodes.push_back(node);
    open_[tag].push_back(place);
    if (has_trait(tag, kBlock)) open_blocks_.push_back(place);
  }

  void push_text(std::string_view text) {
    HtmlNode node;
    node.tag = kTextNode;
    node.parent = stack_.back();
    node.text = text;
    node.end = static_cast<int32_t>(tree_.nodes.size()) + 1;
    tree_.nodes.push_back(node);
  }

  /// Ends all that is open at `place` and above.
  void pop_to(int place) {
    while (static_cast<int>(stack_.size()) > place) {
      HtmlNode& node = tree_.nodes[static_cast<size_t>(stack_.back())];
      node.end = static_cast<int32_t>(tree_.nodes.size());
      open_[node.tag].pop_back();
      if (has_trait(node.tag, kBlock)) open_blocks_.pop_back();
      stack_.pop_back();
    }
  }
  /// Ends the innermost `tag` where it stands above `limit`.
  void end_within(TagId tag, int limit) {
    if (last_open(tag) > limit) pop_to(last_open(tag));
  }
  /// Ends the outermost `tag` of those above `limit`.
  void end_all_within(TagId tag, int limit) {
    const auto outermost = std::ranges::upper_bound(open_[tag], limit);
    if (outermost != open_[tag].end()) pop_to(*outermost);
  }

  static bool is_heading(TagId tag) { return tag >= kH1 && tag <= kH6; }
  void pop_to_heading(int limit) {
    int place = -1;
    for (TagId tag = kH1; tag <= kH6; ++tag) place = std::max(place, last_open(tag));
    if (place > limit) pop_to(place);
  }

  // --- text and tags

  void add_text(std::string_view text) {
    if (text.empty()) return;
    if (!std::ranges::all_of(text, is_html_white)) begin_body();
    push_text(text);
  }

  /// Content ends the head and begins the body, whether the tags for it have come or not. The body stays open to the
  /// page's end: what follows its end tag belongs to it as well.
  void begin_body() {
    if (last_open(kBody) > 0 || last_open(kNoscript) > 0 || last_open(kTemplate) > 0) return;
    end_within(kHead, 0);
    push(kBody, -1);
  }

  void start_tag(const HtmlTag& tag) {
    if (tag.tag == kHtml || tag.tag == kHead || tag.tag == kBody) {
      if (last_open(tag.tag) > 0 || last_open(kBody) > 0) return;
      for (const TagId before : {kHead, kNoscript, kTemplate}) end_all_within(before, 0);
    } else if (!has_trait(tag.tag, kInHead)) {
      begin_body();
    }
    end_what_holds_no_blocks(tag.tag);
    end_what_cannot_hold(tag.tag);

    const HtmlAttributes& names = tag.attributes;
    const bool keeps_attributes =
        !names.id.empty() || !names.class_names.empty() || !names.role.empty() || !names.itemprop.empty();
    if (keeps_attributes) tree_.attributes.push_back(names);
    push(tag.tag, keeps_attributes ? static_cast<int32_t>(tree_.attributes.size()) - 1 : -1);
    tree_.nodes.back().is_hidden = tag.is_hidden;

    const bool is_foreign = last_open(kSvg) > 0 || last_open(kMath) > 0;  // where <x/> is short for <x></x>
    if (has_trait(tag.tag, kVoid) || (is_foreign && tag.is_closed)) {
      pop_to(static_cast<int>(stack_.size()) - 1);
    } else if (has_trait(tag.tag, kRawText)) {
      push_text(scanner_.read_raw_text(tag.tag));
      pop_to(static_cast<int>(stack_.size()) - 1);
    } else if (tag.tag == kButton) {
      button_is_closed_ = scanner_.next_button_tag_ends();
    }
  }

  /// Unclosed, these would take the rest of the page along. A block ends them, as browsers end <svg> and <math>; a
  /// button may hold blocks where it is closed.
  void end_what_holds_no_blocks(TagId tag) {
    if (tag == kButton) end_within(kButton, last_table_cell());
    if (tag == kSelect || tag == kInput || tag == kTextarea) end_within(kSelect, 0);
    if (!has_trait(tag, kBlock)) return;
    const int html_within = std::max(last_open(kForeignObject), 0);
    end_all_within(kSvg, html_within);
    end_all_within(kMath, html_within);
    if (tag != kHr) end_all_within(kSelect, 0);
    if (!button_is_closed_) end_all_within(kButton, 0);
  }

  void end_what_cannot_hold(TagId tag) {
    const int table = last_open(kTable);
    const int cell = last_table_cell();
    if (has_trait(tag, kEndsP)) end_within(kP, cell);
    if (is_heading(tag)) pop_to_heading(cell);
    if (tag == kA) end_within(kA, cell);
    if (tag == kLi) end_within(kLi, std::max({last_open(kUl), last_open(kOl), cell}));
    if (tag == kDd || tag == kDt) {
      end_within(kDd, std::max(last_open(kDl), cell));
      end_within(kDt, std::max(last_open(kDl), cell));
    }
    if (tag == kOption) end_within(kOption, cell);
    if (has_trait(tag, kTablePart)) {
      end_within(kTd, table);
      end_within(kTh, table);
      end_within(kCaption, table);
      if (tag != kTd && tag != kTh) end_within(kTr, table);
    }
  }

  void end_tag(TagId tag) {
    if (tag == kHtml || tag == kBody) return;
    if (tag == kBr) start_tag({.tag = kBr, .attributes = {}});  // as browsers take </br>
    if (tag == 0) {                                             // one of a site's own; taken to be nested rightly
      if (stack_.size() > 1 && tree_.nodes[static_cast<size_t>(stack_.back())].tag == 0)
        pop_to(static_cast<int>(stack_.size()) - 1);
      return;
    }
    if (is_heading(tag)) return pop_to_heading(last_table_cell());  // </h3> ends <h2> too
    const int place = last_open(tag);
    const bool is_table_part = has_trait(tag, kTablePart);
    const int limit = tag == kTable ? 0 : is_table_part ? last_open(kTable) : last_table_cell();
    if (place <= std::max(limit, 0)) return;
    const bool is_formatting = !has_trait(tag, kBlock | kNoProse) && tag != kA;
    if (is_formatting && !open_blocks_.empty() && open_blocks_.back() > place) return;
    pop_to(place);
  }

  HtmlScanner scanner_;
  HtmlTree tree_;
  std::vector<int32_t> stack_;                       // nodes
  std::vector<int> open_blocks_;                     // places in stack_
  std::array<std::vector<int>, kTags.size()> open_;  // by element: places in stack_
  bool button_is_closed_ = true;                     // the innermost
};

}  // namespace

HtmlTree parse_html(std::string_view page) { return Parser(page).parse(); }

}  // namespace ktlm::text
