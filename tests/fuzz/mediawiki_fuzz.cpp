// A MediaWiki dump: any bytes give pages of valid UTF-8 or one error.
#include <string>

#include "corpus/corpus_fixtures.h"
#include "fuzz_target.h"
#include "ktlm/core/error.h"
#include "ktlm/text/utf8.h"
#include "mediawiki_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using ktlm::text::is_valid_utf8;
  ktlm::test::MemorySource source(std::string(ktlm::fuzz::bytes_of(data, size)));
  try {
    ktlm::corpus::read_mediawiki(source, "fuzz.xml", [](ktlm::corpus::RawDocument&& page) {
      ktlm::fuzz::require(is_valid_utf8(page.title) && is_valid_utf8(page.body), "pages are valid UTF-8");
    });
  } catch (const ktlm::Error&) {
  }
  return 0;
}
