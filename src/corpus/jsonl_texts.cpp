#include "ktlm/corpus/jsonl_texts.h"

#include "byte_source.h"
#include "decoding_source.h"
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "line_reader.h"

namespace ktlm::corpus {

namespace {

std::string text_of(std::string_view line, const std::string& where) {
  try {
    return json_get<std::string>(parse_json(line, where), "text", where);
  } catch (const Error& error) {
    throw Error(std::string(error.what()) + R"(; expected lines of JSON with a "text", such as {"text":"..."})");
  }
}

}  // namespace

std::vector<std::string> read_jsonl_texts(const std::string& path) {
  const auto file = open_byte_source(path);
  const std::string name = display_name(path);
  DecodingSource source(*file, "auto", name);
  LineReader lines(source, name);
  std::vector<std::string> texts;
  std::string_view line;
  while (lines.next(line)) {
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    const std::string where = name + ":" + std::to_string(lines.line_number());
    texts.push_back(text_of(line, where));
  }
  return texts;
}

}  // namespace ktlm::corpus
