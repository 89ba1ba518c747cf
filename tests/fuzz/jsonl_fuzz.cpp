// A line of JSONL to a document: whatever it holds it is kept or dropped, and what is kept goes through the prepared
// directory's form unchanged. The text field is the first line of the input.
#include <string>
#include <string_view>
#include <utility>

#include "extract.h"
#include "fuzz_target.h"
#include "ktlm/core/error.h"
#include "ktlm/text/utf8.h"

using ktlm::fuzz::require;
using namespace ktlm::corpus;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = ktlm::fuzz::bytes_of(data, size);
  const size_t end = std::min(input.find('\n'), input.size());
  PrepareConfig config;
  config.text_field = ktlm::text::repair_utf8(input.substr(0, end));
  config.min_chars = 1;
  RawDocument raw{.form = RawForm::kJson, .body = std::string(input.substr(std::min(end + 1, input.size())))};
  raw.id = raw.source = raw.where = "fuzz.jsonl:1";
  std::vector<FieldPath> text_field;
  try {
    text_field = parse_field_paths(config.text_field);
  } catch (const ktlm::ConfigError&) {
    return 0;
  }
  const ExtractedDocument extracted = extract_document(std::move(raw), config, text_field);
  if (extracted.dropped != DropReason::kNone) return 0;
  const Document& document = extracted.document;
  require(!document.text.empty(), "what is kept has a text");
  require(ktlm::text::is_valid_utf8(document.text), "the text is valid UTF-8");
  const Document again = document_from_json_line(to_json_line(document), "fuzz");
  require(again.text == document.text && again.title == document.title, "a line gives back what it was made of");
  require(again.id == document.id && again.source == document.source, "a line keeps id and source");
  require(again.messages.size() == document.messages.size(), "a line keeps the messages");
  return 0;
}
