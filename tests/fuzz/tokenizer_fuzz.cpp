// The tokenizer: decode(encode(x)) == normalize(x), and the bytes of the tokens are those of the text.
#include "fuzz_target.h"
#include "ktlm/text/normalize.h"
#include "ktlm/tokenizer/tokenizer.h"

using ktlm::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto tokenizer = ktlm::tokenizer::Tokenizer::load(KTLM_TEST_DATA_DIR "/tokenizer/trained");
  const std::string_view input = ktlm::fuzz::bytes_of(data, size);
  const auto ids = tokenizer.encode(input);
  for (const auto id : ids) require(!tokenizer.is_control(id), "text gives no control token");
  require(tokenizer.decode(ids) == ktlm::text::normalize(input), "decode(encode(x)) == normalize(x)");
  return 0;
}
