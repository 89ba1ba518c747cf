#include "ktlm/core/json.h"

#include <algorithm>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/sorted_json.h"

namespace ktlm {

namespace {

// How many bytes at the beginning of `text` go on with a character.
size_t rest_of_character(std::string_view text) {
  size_t length = 0;
  while (length < 3 && length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80) ++length;
  return length;
}

// What the parser says, without its name for it: "[json.exception.out_of_range.406] number overflow ...". It quotes
// what it read last, which may be a string of many MB, and ends where the problem was seen: within a character, often.
// `unread` is the text behind that.
std::string reason_behind(std::string_view separator, std::string reason, std::string_view unread) {
  constexpr size_t kMaxReasonBytes = 200;
  const size_t expected = reason.rfind("'; expected "), quote = reason.rfind('\'');
  if (const size_t end = expected != std::string::npos ? expected : quote; end != std::string::npos)
    reason.insert(end, unread.substr(0, rest_of_character(unread)));
  if (const size_t found = reason.find(separator); found != std::string::npos)
    reason.erase(0, found + separator.size());
  if (reason.size() > kMaxReasonBytes) {
    const size_t cut = kMaxReasonBytes + rest_of_character(std::string_view(reason).substr(kMaxReasonBytes));
    reason = reason.substr(0, cut) + "...";
  }
  return Json::parse(to_json_line(reason)).get<std::string>();  // U+FFFD for the half of a character
}

// What comes out is walked through by recursion: a stranger's text of brackets alone would end the program.
void check_depth(std::string_view text, const std::string& where) {
  constexpr int kMostNested = 500;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMostNested)
        throw Error(where + ": nests more than " + std::to_string(kMostNested) + " levels deep at byte " +
                    std::to_string(i + 1));
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}

template <class AnyJson>
AnyJson parse(std::string_view text, const std::string& where) {
  check_depth(text, where);
  try {
    return AnyJson::parse(text);
  } catch (const Json::parse_error& error) {  // "[...] parse error at line 1, column 5: syntax error ..."
    throw Error(where + ": not valid JSON at byte " + std::to_string(error.byte) + ": " +
                reason_behind(": ", error.what(), text.substr(std::min(error.byte, text.size()))));
  } catch (const Json::exception& error) {  // a number that no double holds, such as 1e999
    throw Error(where + ": not valid JSON: " + reason_behind("] ", error.what(), {}));
  }
}

}  // namespace

Json parse_json(std::string_view text, const std::string& where) { return parse<Json>(text, where); }

SortedJson parse_sorted_json(std::string_view text, const std::string& where) { return parse<SortedJson>(text, where); }

Json read_json_file(const std::string& path) { return parse_json(read_file(path), path); }

std::string to_json_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void throw_json_key_missing(const char* key, const std::string& where) {
  throw Error(where + ": key \"" + key + "\" is missing");
}

void throw_json_key_type(const char* key, const char* expected, const Json& got, const std::string& where) {
  throw Error(where + ": key \"" + key + "\" should be " + expected + ", is " + to_json_line(got));
}

}  // namespace ktlm
