#include "ktlm/export/modelfile.h"

#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"
#include "ktlm/generate/sampling_config.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::formats {

namespace {

constexpr const char* kQuotes = "\"\"\"";

// tokenizer/chat_template.h in Go's template language. <s> is not in it: llama.cpp puts it in front.
std::string chat_template() {
  const std::string start(tokenizer::kImStart), end(tokenizer::kImEnd);
  return "{{- range .Messages }}" + start + "{{ .Role }}\n{{ .Content }}" + end + "\n{{ end }}" + start + "assistant\n";
}

}  // namespace

void check_modelfile_text(const std::string& text, const std::string& what) {
  if (text.find(kQuotes) != std::string::npos || text.starts_with('"') || text.ends_with('"'))
    throw ConfigError(what + ": a Modelfile can't hold a text that begins or ends with \", or has three in a row; " +
                      "take other quotation marks");
}

std::string modelfile_beginning(const std::string& gguf) { return "FROM ./" + gguf + "\nTEMPLATE "; }

std::string modelfile(const ModelfileParts& parts) {
  const generate::SamplingConfig sampling;
  std::string text = modelfile_beginning(parts.gguf);
  const auto quoted = [](const std::string& value) { return kQuotes + value + kQuotes + "\n"; };
  text += quoted(parts.has_chat_markers ? chat_template() : "{{ .Prompt }}");
  if (!parts.system.empty()) text += "SYSTEM " + quoted(parts.system);
  const auto parameter = [&text](const char* name, const std::string& value) {
    text += std::string("PARAMETER ") + name + " " + value + "\n";
  };
  if (parts.has_chat_markers) parameter("stop", std::string(tokenizer::kImEnd));
  parameter("num_ctx", std::to_string(parts.context_tokens));
  parameter("num_predict", std::to_string(sampling.max_new_tokens));
  parameter("temperature", format_double(sampling.temperature));
  parameter("top_k", std::to_string(sampling.top_k));
  parameter("top_p", format_double(sampling.top_p));
  parameter("min_p", format_double(sampling.min_p));
  parameter("repeat_penalty", format_double(sampling.repetition_penalty));
  parameter("repeat_last_n", std::to_string(sampling.repetition_window));
  return text;
}

}  // namespace ktlm::formats
