// Wikitext to text: any page gives valid UTF-8, in bounded time and depth.
#include "fuzz_target.h"
#include "ktlm/text/utf8.h"
#include "ktlm/text/wikitext.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string page = ktlm::text::repair_utf8(ktlm::fuzz::bytes_of(data, size));
  ktlm::text::is_redirect(page);
  ktlm::text::is_disambiguation(page, "제목");
  ktlm::fuzz::require(ktlm::text::is_valid_utf8(ktlm::text::wikitext_to_text(page)), "wikitext gives valid UTF-8");
  return 0;
}
