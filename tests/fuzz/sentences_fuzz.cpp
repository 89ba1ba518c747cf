// The sentence splitter: the sentences stand in the text in order, and only white space is lost between them.
#include <string_view>

#include "fuzz_target.h"
#include "ktlm/text/normalize.h"
#include "ktlm/text/sentence_split.h"

using ktlm::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text = ktlm::text::normalize(ktlm::fuzz::bytes_of(data, size));
  const auto is_blank = [](std::string_view gap) { return gap.find_first_not_of(" \t\n") == std::string_view::npos; };
  const char* end = text.data();
  for (const std::string_view sentence : ktlm::text::split_sentences(text)) {
    require(sentence.data() >= end, "sentences come in order");
    require(is_blank({end, static_cast<size_t>(sentence.data() - end)}), "only white space is lost");
    require(!is_blank(sentence), "no sentence is blank");
    end = sentence.data() + sentence.size();
  }
  require(is_blank({end, static_cast<size_t>(text.data() + text.size() - end)}), "nothing is lost at the end");
  return 0;
}
