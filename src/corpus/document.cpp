#include "ktlm/corpus/document.h"

#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"

namespace ktlm::corpus {

std::string to_json_line(const Document& document) {
  Json json = {{"id", document.id}, {"title", document.title}, {"text", document.text}, {"source", document.source}};
  if (!document.messages.empty()) {
    Json& messages = json["messages"] = Json::array();
    for (const ChatMessage& message : document.messages)
      messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  return ktlm::to_json_line(json);
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
