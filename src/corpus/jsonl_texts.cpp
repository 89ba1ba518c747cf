#include "ktlm/corpus/jsonl_texts.h"

#include "byte_source.h"
#include "decoding_source.h"
#include "ktlm/core/error.h"
#include "line_reader.h"

namespace ktlm::corpus {

namespace {

constexpr const char* kExpectedTexts = R"(; expected lines of JSON with a "text", such as {"text":"..."})";

}  // namespace

void read_json_lines(const std::string& path, const std::string& expected, const WarningCallback& warn,
                     const TakeJsonLine& take) {
  const auto file = open_byte_source(path);
  const std::string name = display_name(path);
  DecodingSource source(*file, "auto", name);
  LineReader lines(source, name);
  std::string_view line;
  bool wants_more = true;
  while (wants_more && lines.next(line)) {
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    const std::string where = name + ":" + std::to_string(lines.line_number());
    try {
      wants_more = take(parse_json(line, where), where);
    } catch (const Error& error) {
      throw Error(error.what() + expected);
    }
  }
  if (warn && source.encoding() != Encoding::kUtf8)
    warn(name + ": is in " + encoding_name(source.encoding()) + "; taken as the same text in UTF-8");
}

std::vector<std::string> read_jsonl_texts(const std::string& path) {
  std::vector<std::string> texts;
  read_json_lines(path, kExpectedTexts, nullptr, [&](const Json& line, const std::string& where) {
    texts.push_back(json_get<std::string>(line, "text", where));
    return true;
  });
  return texts;
}

}  // namespace ktlm::corpus
