// A position in an HTML page that moves over one tag, comment or stretch of text at a time (WHATWG HTML,
// section 13.2.5, as far as it matters for text).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "html_tree.h"

namespace ktlm::text {

inline bool is_html_white(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

enum class HtmlMarkup {
  kNone,  // a '<' that starts none: text
  kStartTag,
  kEndTag,
  kOther,  // a comment, a doctype, an instruction, or a tag that the page's end cuts off
};

struct HtmlTag {
  TagId tag = 0;
  HtmlAttributes attributes;  // of a start tag
  bool is_hidden = false;
  bool is_closed = false;  // <x/>
};

class HtmlScanner {
 public:
  explicit HtmlScanner(std::string_view page)
      : page_(page), last_double_quote_(page.rfind('"')), last_single_quote_(page.rfind('\'')) {}

  bool at_end() const { return position_ == page_.size(); }

  /// Up to the next '<' that may start markup; empty where the position is there.
  std::string_view read_text();
  /// What stands at the position, a '<'; a tag goes to `tag`. Where there is none, the '<' belongs to the next text.
  HtmlMarkup read_markup(HtmlTag& tag);
  /// The content of `tag`, of raw text, up to its end tag, which is read as well. Where that is missing, the rest of
  /// the page, or of a title what stands before the next '<'.
  std::string_view read_raw_text(TagId tag);

  /// Whether the next tag of <button> is an end tag. Looks at each byte of the page once, all calls together.
  bool next_button_tag_ends();

 private:
  std::string_view take_until(size_t end);
  void skip_behind(char mark);
  void skip_comment();
  TagId read_name();
  bool read_start_tag(HtmlTag& tag);
  void read_attribute(HtmlTag& tag);
  std::string_view read_value();

  std::string_view page_;
  size_t last_double_quote_;  // of the page; npos: none
  size_t last_single_quote_;
  size_t position_ = 0;
  size_t text_from_ = 0;  // no '<' before it starts markup
  size_t next_button_tag_ = 0;
  std::array<bool, kTags.size()> has_no_end_{};  // by element of raw text: no end tag in the rest of the page
};

}  // namespace ktlm::text
