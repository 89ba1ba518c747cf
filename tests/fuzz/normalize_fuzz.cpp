// The normaliser: any bytes give valid UTF-8, and normalising that again changes nothing.
#include "fuzz_target.h"
#include "ktlm/text/normalize.h"
#include "ktlm/text/utf8.h"

using ktlm::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string normal = ktlm::text::normalize(ktlm::fuzz::bytes_of(data, size));
  require(ktlm::text::is_valid_utf8(normal), "normalize gives valid UTF-8");
  require(ktlm::text::normalize(normal) == normal, "normalize is idempotent");
  return 0;
}
