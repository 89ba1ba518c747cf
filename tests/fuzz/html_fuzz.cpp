// HTML to text: any bytes give a title and a text of valid UTF-8, in bounded time and depth.
#include "fuzz_target.h"
#include "ktlm/text/html.h"
#include "ktlm/text/utf8.h"

using ktlm::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ktlm::text::HtmlText page = ktlm::text::html_to_text(ktlm::fuzz::bytes_of(data, size));
  require(ktlm::text::is_valid_utf8(page.title), "the title is valid UTF-8");
  require(ktlm::text::is_valid_utf8(page.text), "the text is valid UTF-8");
  return 0;
}
