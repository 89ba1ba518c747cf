// A document on its way from a raw file to the prepared directory, and the line of JSON that holds it there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ktlm::corpus {

struct ChatMessage {
  std::string role;  // "system", "user", "assistant"
  std::string content;
};

struct Document {
  std::string id;                     // unique in the prepared directory
  std::string title;                  // may be empty
  std::string text;                   // of a dialogue: its contents, a line each
  std::string source;                 // the input it came from: file name, or the dump's site
  std::vector<ChatMessage> messages;  // empty unless the document is a dialogue
};

/// {"id","title","text","source"} and, for a dialogue, "messages"; one line, no newline at its end. The document's
/// strings are valid UTF-8.
std::string to_json_line(const Document& document);

/// Throws Error "<where>: ..." where the line is no such object.
Document document_from_json_line(std::string_view line, const std::string& where);

}  // namespace ktlm::corpus
