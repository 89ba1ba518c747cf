// Tags to a tree, after the parsing rules of WHATWG HTML (section 13.2) as far as they matter for text: which end tags
// may be missing, what a stray end tag closes, where a table keeps it from closing more. Formatting elements are not
// reopened across blocks, as they carry no text. For each element the places of its open instances are kept, so that no
// end tag searches the stack.
#include <algorithm>
#include <array>
#include <string>

#include "html_tree.h"

namespace ktlm::text {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_white(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, {}, to_lower);
}

class Parser {
 public:
  explicit Parser(std::string_view page)
      : page_(page), last_double_quote_(page.rfind('"')), last_single_quote_(page.rfind('\'')) {
    push(tag_of(""), -1);
  }

  HtmlTree parse() {
    while (position_ < page_.size()) {
      const size_t open = std::min(page_.find('<', position_), page_.size());
      add_text(open);
      if (open == page_.size()) break;
      if (!read_markup()) {  // a '<' that starts none is text
        text_begin_ = position_;
        ++position_;
      }
    }
    add_text(page_.size());
    pop_to(0);
    return std::move(tree_);
  }

 private:
  static constexpr TagId kA = tag_of("a"), kBody = tag_of("body"), kHead = tag_of("head"), kHtml = tag_of("html"),
                         kLi = tag_of("li"), kUl = tag_of("ul"), kOl = tag_of("ol"), kDd = tag_of("dd"),
                         kDt = tag_of("dt"), kDl = tag_of("dl"), kP = tag_of("p"), kTable = tag_of("table"),
                         kTd = tag_of("td"), kTh = tag_of("th"), kTr = tag_of("tr"), kCaption = tag_of("caption"),
                         kOption = tag_of("option"), kSvg = tag_of("svg"), kMath = tag_of("math"), kBr = tag_of("br"),
                         kH1 = tag_of("h1"), kH6 = tag_of("h6");

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

  static bool is_heading(TagId tag) { return tag >= kH1 && tag <= kH6; }
  void pop_to_heading(int limit) {
    int place = -1;
    for (TagId tag = kH1; tag <= kH6; ++tag) place = std::max(place, last_open(tag));
    if (place > limit) pop_to(place);
  }

  // --- text and tags

  void add_text(size_t end) {
    const std::string_view text = page_.substr(text_begin_, end - text_begin_);
    position_ = text_begin_ = end;
    if (text.empty()) return;
    if (last_open(kHead) > 0 && !std::ranges::all_of(text, is_white)) end_within(kHead, 0);
    push_text(text);
  }

  /// Reads the tag or comment at position_, a '<'. False where it is none; then position_ has not moved.
  bool read_markup() {
    const std::string_view rest = page_.substr(position_);
    if (rest.size() > 1 && is_letter(rest[1])) {
      read_start_tag();
    } else if (rest.size() > 2 && rest[1] == '/' && is_letter(rest[2])) {
      position_ += 2;
      const TagId tag = read_name();
      skip_behind(">");
      end_tag(tag);
    } else if (rest.starts_with("<!--")) {
      position_ += rest.starts_with("<!-->") ? 2 : 4;
      skip_behind("-->");
    } else if (rest.size() > 1 && (rest[1] == '!' || rest[1] == '?' || rest[1] == '/')) {
      skip_behind(">");
    } else {
      return false;
    }
    text_begin_ = position_;
    return true;
  }

  void skip_behind(std::string_view mark) {
    const size_t found = page_.find(mark, position_);
    position_ = found == std::string_view::npos ? page_.size() : found + mark.size();
  }

  TagId read_name() {
    std::array<char, 12> name{};  // longer than any that is listed
    size_t size = 0;
    for (; position_ < page_.size(); ++position_) {
      const char c = page_[position_];
      if (is_white(c) || c == '>' || c == '/') break;
      if (size < name.size()) name[size] = to_lower(c);
      ++size;
    }
    return size <= name.size() ? tag_of({name.data(), size}) : TagId{0};
  }

  void read_start_tag() {
    ++position_;
    const TagId tag = read_name();
    HtmlAttributes attributes;
    bool is_hidden = false;
    bool is_closed = false;  // <x/>
    while (position_ < page_.size() && page_[position_] != '>') {
      const char c = page_[position_];
      if (is_white(c) || c == '/') {
        is_closed = c == '/';
        ++position_;
        continue;
      }
      is_closed = false;
      read_attribute(attributes, is_hidden);
    }
    if (position_ == page_.size()) return;  // cut off within a tag
    ++position_;
    start_tag(tag, attributes, is_hidden, is_closed);
  }

  void read_attribute(HtmlAttributes& attributes, bool& is_hidden) {
    const size_t begin = position_;
    ++position_;  // even where it is '='
    while (position_ < page_.size() && !ends_name(page_[position_])) ++position_;
    const std::string_view name = page_.substr(begin, position_ - begin);
    size_t at = position_;
    while (at < page_.size() && is_white(page_[at])) ++at;
    std::string_view value;
    if (at < page_.size() && page_[at] == '=') {
      position_ = at + 1;
      value = read_value();
    }
    const auto keep_first = [&](std::string_view& slot) { slot = slot.empty() ? value : slot; };
    if (equals_ignoring_case(name, "id")) keep_first(attributes.id);
    if (equals_ignoring_case(name, "class")) keep_first(attributes.class_names);
    if (equals_ignoring_case(name, "role")) keep_first(attributes.role);
    if (equals_ignoring_case(name, "itemprop")) keep_first(attributes.itemprop);
    if (equals_ignoring_case(name, "hidden")) is_hidden = true;
    if (equals_ignoring_case(name, "aria-hidden") && value == "true") is_hidden = true;
    if (equals_ignoring_case(name, "style") && hides(value)) is_hidden = true;
  }

  static bool ends_name(char c) { return is_white(c) || c == '=' || c == '>' || c == '/'; }

  static bool hides(std::string_view style) {
    std::string compact(style.substr(0, 1024));
    std::erase_if(compact, is_white);
    std::ranges::transform(compact, compact.begin(), to_lower);
    return compact.find("display:none") != std::string::npos || compact.find("visibility:hidden") != std::string::npos;
  }

  std::string_view read_value() {
    while (position_ < page_.size() && is_white(page_[position_])) ++position_;
    if (position_ == page_.size()) return {};
    const char quote = page_[position_];
    const size_t last = quote == '"' ? last_double_quote_ : quote == '\'' ? last_single_quote_ : std::string_view::npos;
    // A quotation mark that never comes again would take the rest of the page.
    if (last != std::string_view::npos && last > position_) {
      const size_t begin = ++position_;
      position_ = page_.find(quote, begin) + 1;
      return page_.substr(begin, position_ - 1 - begin);
    }
    const size_t begin = position_;
    while (position_ < page_.size() && !is_white(page_[position_]) && page_[position_] != '>') ++position_;
    return page_.substr(begin, position_ - begin);
  }

  // --- the tree

  void start_tag(TagId tag, const HtmlAttributes& attributes, bool is_hidden, bool is_closed) {
    if ((tag == kHtml || tag == kBody) && last_open(tag) > 0) return;
    if (last_open(kHead) > 0 && !has_trait(tag, kInHead)) end_within(kHead, 0);
    end_what_cannot_hold(tag);

    const bool keeps_attributes = !attributes.id.empty() || !attributes.class_names.empty() ||
                                  !attributes.role.empty() || !attributes.itemprop.empty();
    if (keeps_attributes) tree_.attributes.push_back(attributes);
    push(tag, keeps_attributes ? static_cast<int32_t>(tree_.attributes.size()) - 1 : -1);
    tree_.nodes.back().is_hidden = is_hidden;

    const bool is_foreign = last_open(kSvg) > 0 || last_open(kMath) > 0;  // where <x/> is short for <x></x>
    if (has_trait(tag, kVoid) || (is_foreign && is_closed)) {
      pop_to(static_cast<int>(stack_.size()) - 1);
    } else if (has_trait(tag, kRawText)) {
      read_raw_text(tag);
    }
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
    if (tag == kBr) start_tag(kBr, {}, false, false);  // as browsers take </br>
    if (tag == 0) {                                    // one of a site's own; taken to be nested rightly
      if (stack_.size() > 1 && tree_.nodes[static_cast<size_t>(stack_.back())].tag == 0)
        pop_to(static_cast<int>(stack_.size()) - 1);
      return;
    }
    if (is_heading(tag)) return pop_to_heading(last_table_cell());  // </h3> ends <h2> too
    const int place = last_open(tag);
    const bool is_table_part = has_trait(tag, kTablePart);
    const int limit = tag == kTable ? 0 : is_table_part ? last_open(kTable) : last_table_cell();
    if (place <= std::max(limit, 0)) return;
    const bool is_formatting = !has_trait(tag, kBlock) && tag != kA && tag != kHead;
    if (is_formatting && !open_blocks_.empty() && open_blocks_.back() > place) return;
    pop_to(place);
  }

  void read_raw_text(TagId tag) {
    const std::string_view name = kTags[tag].name;
    size_t end = has_no_end_[tag] ? std::string_view::npos : position_;
    while (end != std::string_view::npos) {
      end = page_.find("</", end);
      if (end == std::string_view::npos || equals_ignoring_case(page_.substr(end + 2, name.size()), name)) break;
      end += 2;
    }
    has_no_end_[tag] = end == std::string_view::npos;
    text_begin_ = position_;
    if (has_no_end_[tag])
      end = tag == tag_of("title") ? std::min(page_.find('<', position_), page_.size()) : page_.size();
    push_text(page_.substr(position_, end - position_));
    position_ = text_begin_ = end;
    pop_to(static_cast<int>(stack_.size()) - 1);
    if (!has_no_end_[tag]) skip_behind(">");
    text_begin_ = position_;
  }

  std::string_view page_;
  size_t last_double_quote_;  // of the page; npos: none
  size_t last_single_quote_;
  size_t position_ = 0;
  size_t text_begin_ = 0;
  HtmlTree tree_;
  std::vector<int32_t> stack_;                       // nodes
  std::vector<int> open_blocks_;                     // places in stack_
  std::array<std::vector<int>, kTags.size()> open_;  // by element: places in stack_
  std::array<bool, kTags.size()> has_no_end_{};      // by element of raw text: no end tag in the rest of the page
};

}  // namespace

HtmlTree parse_html(std::string_view page) { return Parser(page).parse(); }

}  // namespace ktlm::text
