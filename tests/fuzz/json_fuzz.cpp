// A JSON file to documents: the same ones however the file is read, each kept or dropped; and where the parser takes
// the whole file, those that it holds. The text field is the first line of the input.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/corpus_fixtures.h"
#include "extract.h"
#include "field_path.h"
#include "fuzz_target.h"
#include "json_reader.h"
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/text/utf8.h"

using ktlm::Json;
using ktlm::fuzz::require;
using namespace ktlm::corpus;

namespace {

struct Reading {
  std::vector<RawDocument> documents;
  std::string error;
};

Reading read(const std::string& json, const FieldPath& path, size_t step) {
  ktlm::test::MemorySource source(json, step);
  Reading reading;
  try {
    const int64_t bytes = read_json(source, "fuzz.json", path.document,
                                    [&](RawDocument&& document) { reading.documents.push_back(std::move(document)); });
    require(bytes == static_cast<int64_t>(json.size()), "every byte is counted");
  } catch (const ktlm::Error& error) {
    reading.error = error.what();
  }
  return reading;
}

// False where arrays are nested deeper than the reader goes.
bool flatten(const Json& value, int depth, std::vector<Json>& elements) {
  if (!value.is_array()) {
    elements.push_back(value);
    return true;
  }
  return depth < 64 &&
         std::all_of(value.begin(), value.end(), [&](const Json& e) { return flatten(e, depth + 1, elements); });
}

void compare_with_parser(const std::string& json, const Reading& reading) {
  constexpr size_t kMaxBytes = 1000;  // longer numbers are refused
  if (json.size() > kMaxBytes || json.starts_with("\xEF\xBB\xBF")) return;
  Json whole;
  try {
    whole = ktlm::parse_json(json, "fuzz");
  } catch (const ktlm::Error&) {
    return;
  }
  std::vector<Json> elements;
  if (!flatten(whole, 0, elements)) return;
  require(reading.error.empty(), "what the parser takes, the reader takes");
  require(reading.documents.size() == elements.size(), "each element is a document");
  for (size_t i = 0; i < elements.size(); ++i)
    require(ktlm::parse_json(reading.documents[i].body, "fuzz") == elements[i], "a document is its element");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = ktlm::fuzz::bytes_of(data, size);
  const size_t end = std::min(input.find('\n'), input.size());
  const std::string json(input.substr(std::min(end + 1, input.size())));
  PrepareConfig config;
  config.text_field = ktlm::text::repair_utf8(input.substr(0, end));
  config.min_chars = 1;
  FieldPath path;
  try {
    path = parse_field_path(config.text_field);
  } catch (const ktlm::ConfigError&) {
    return 0;
  }
  Reading reading = read(json, path, SIZE_MAX);
  const Reading in_steps = read(json, path, json.size() < 2000 ? 7 : 997);
  require(reading.error == in_steps.error, "an error is the same however the file is read");
  require(reading.documents.size() == in_steps.documents.size(), "as many documents, however the file is read");
  for (size_t i = 0; i < reading.documents.size(); ++i)
    require(reading.documents[i].body == in_steps.documents[i].body, "the same documents, however the file is read");
  if (path.document.empty()) compare_with_parser(json, reading);
  for (RawDocument& raw : reading.documents) {
    const ExtractedDocument extracted = extract_document(std::move(raw), config, {path});
    require(ktlm::text::is_valid_utf8(extracted.problem), "a message is valid UTF-8");
    if (extracted.dropped != DropReason::kNone) continue;
    require(!extracted.document.text.empty(), "what is kept has a text");
    require(ktlm::text::is_valid_utf8(extracted.document.text), "the text is valid UTF-8");
  }
  return 0;
}
