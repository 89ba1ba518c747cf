#include "ktlm/tokenizer/chat_template.h"

#include "ktlm/core/error.h"

namespace ktlm::tokenizer {
namespace {

struct Markers {
  TokenId start, end;
};

Markers markers_of(const Tokenizer& tokenizer) {
  const Markers markers = {tokenizer.control_id(kImStart), tokenizer.control_id(kImEnd)};
  if (markers.start < 0 || markers.end < 0)
    throw Error(tokenizer.directory().string() + ": the tokenizer has no chat markers <|im_start|> and <|im_end|>; " +
                "chat needs a model whose tokenizer ktlm train-tokenizer made");
  return markers;
}

void append(std::vector<TokenId>& ids, const std::vector<TokenId>& more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

}  // namespace

std::vector<TokenId> encode_message(const Tokenizer& tokenizer, const corpus::ChatMessage& message) {
  const Markers markers = markers_of(tokenizer);
  std::vector<TokenId> ids = {markers.start};
  append(ids, tokenizer.encode(message.role + "\n" + message.content));
  ids.push_back(markers.end);
  append(ids, tokenizer.encode("\n"));
  return ids;
}

std::vector<TokenId> encode_chat(const Tokenizer& tokenizer, std::span<const corpus::ChatMessage> messages,
                                 bool open_answer) {
  const Markers markers = markers_of(tokenizer);
  std::vector<TokenId> ids = {tokenizer.bos_id()};
  for (const auto& message : messages) append(ids, encode_message(tokenizer, message));
  if (open_answer) {
    ids.push_back(markers.start);
    append(ids, tokenizer.encode("assistant\n"));
  }
  return ids;
}

std::string chat_template_jinja() {
  return "{{- bos_token }}"
         "{%- for message in messages %}"
         "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
         "{%- endfor %}"
         "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";
}

}  // namespace ktlm::tokenizer
