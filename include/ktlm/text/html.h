// The main text of an HTML page: headings, paragraphs and lists in; scripts, navigation, forms and tables out.
#pragma once

#include <string>
#include <string_view>

namespace ktlm::text {

struct HtmlText {
  std::string title;
  std::string text;
};

/// Takes any bytes, as UTF-8; malformed ones become U+FFFD, and broken markup is repaired as browsers do. The text is
/// laid out as wikitext_to_text() lays it out. The title is that of <title>, else the first <h1>, else empty.
HtmlText html_to_text(std::string_view html);

}  // namespace ktlm::text
