// Ollama's Modelfile (github.com/ollama/ollama, docs/modelfile): how it is to talk with a GGUF file. ktlm's own chat
// template, and its sampling as generate and chat have it by default, in Ollama's words.
#pragma once

#include <cstdint>
#include <string>

namespace ktlm::formats {

struct ModelfileParts {
  std::string gguf;  // the file's name; it stands in the same folder
  bool has_chat_markers = false;
  int64_t context_tokens = 0;
  std::string system;  // empty: none
};

/// Throws ConfigError, beginning with `what`, for a text that a Modelfile can't hold: one with three quotes in a row.
void check_modelfile_text(const std::string& text, const std::string& what);

std::string modelfile(const ModelfileParts& parts);
/// The beginning that modelfile() gives to that of a GGUF file of this name, by which ktlm knows its own.
std::string modelfile_beginning(const std::string& gguf);

}  // namespace ktlm::formats
