#include "ktlm/corpus/jsonl_texts.h"

#include "byte_source.h"
#include "decoding_source.h"
#include "ktlm/core/json.h"
#include "line_reader.h"

namespace ktlm::corpus {

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
    texts.push_back(json_get<std::string>(parse_json(line, where), "text", where));
  }
  return texts;
}

}  // namespace ktlm::corpus
