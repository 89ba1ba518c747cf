#include "ktlm/core/json.h"

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"

namespace ktlm {

Json parse_json(std::string_view text, const std::string& where) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error ..." -> "syntax error ..."
    std::string reason = error.what();
    if (const size_t colon = reason.find(": "); colon != std::string::npos) reason.erase(0, colon + 2);
    throw Error(where + ": not valid JSON at byte " + std::to_string(error.byte) + ": " + reason);
  }
}

Json read_json_file(const std::string& path) { return parse_json(read_file(path), path); }

std::string to_json_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void throw_json_key_missing(const char* key, const std::string& where) {
  throw Error(where + ": key \"" + key + "\" is missing");
}

void throw_json_key_type(const char* key, const char* expected, const Json& got, const std::string& where) {
  throw Error(where + ": key \"" + key + "\" should be " + expected + ", is " + to_json_line(got));
}

}  // namespace ktlm
