// The main text of an HTML page: headings, paragraphs and lists in; scripts, navigation, forms and tables out.
#pragma once

#include <string>
#include <string_view>

namespace ktlm::text {

struct HtmlText {
  std::string title;
  std::string text;
};

/// Takes any bytes; broken markup is repaired as browsers do. `html` is UTF-8.
HtmlText html_to_text(std::string_view html);

}  // namespace ktlm::text
