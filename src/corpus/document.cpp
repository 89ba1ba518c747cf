#include "ktlm/corpus/document.h"

#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"

namespace ktlm::corpus {

namespace {

// Written by hand, since building a Json object and printing it took a seventh of prepare's time. As there, the text is
// copied but for quotes, backslashes and control characters.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  size_t copied = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, copied, i - copied);
    copied = i + 1;
    constexpr std::string_view kShort = "\"\"\\\\\bb\ff\nn\rr\tt";  // pairs: the character, its letter
    size_t pair = 0;
    while (pair < kShort.size() && kShort[pair] != c) pair += 2;
    if (pair < kShort.size()) {
      (out += '\\') += kShort[pair + 1];
    } else {
      constexpr const char* kDigits = "0123456789abcdef";
      ((out += "\\u00") += kDigits[c >> 4]) += kDigits[c & 15];
    }
  }
  out.append(text, copied);
  out += '"';
}

void append_field(std::string& out, std::string_view key, std::string_view text) {
  out += out.empty() || out.back() != '"' ? '{' : ',';
  append_json_string(out, key);
  out += ':';
  append_json_string(out, text);
}

}  // namespace

std::string to_json_line(const Document& document) {
  std::string line;
  line.reserve(document.text.size() + document.text.size() / 16 + 256);
  append_field(line, "id", document.id);
  append_field(line, "title", document.title);
  append_field(line, "text", document.text);
  append_field(line, "source", document.source);
  if (!document.messages.empty()) {
    line += ",\"messages\":";
    char separator = '[';
    for (const ChatMessage& message : document.messages) {
      line += separator;
      append_field(line, "role", message.role);
      append_field(line, "content", message.content);
      line += '}';
      separator = ',';
    }
    line += ']';
  }
  line += '}';
  return line;
}

Document document_from_json_line(std::string_view line, const std::string& where) {
  Json json = parse_json(line, where);
  Document document;
  document.text = json_get<std::string>(json, "text", where);
  document.id = json_get_or<std::string>(json, "id", "", where);
  document.title = json_get_or<std::string>(json, "title", "", where);
  document.source = json_get_or<std::string>(json, "source", "", where);
  const auto messages = json.find("messages");
  if (messages == json.end()) return document;
  if (!messages->is_array()) throw_json_key_type("messages", "a list", *messages, where);
  for (const Json& message : *messages) {
    document.messages.push_back(
        {json_get<std::string>(message, "role", where), json_get<std::string>(message, "content", where)});
  }
  return document;
}

}  // namespace ktlm::corpus
