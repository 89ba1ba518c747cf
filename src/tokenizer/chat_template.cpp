#include "ktlm/tokenizer/chat_template.h"

#include <algorithm>
#include <string_view>

#include "ktlm/core/error.h"

namespace ktlm::tokenizer {
namespace {

constexpr std::string_view kAnswerHeader = "assistant\n";

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
    append(ids, tokenizer.encode(kAnswerHeader));
  }
  return ids;
}

std::vector<TokenRange> find_answers(const Tokenizer& tokenizer, std::span<const int64_t> ids) {
  const int64_t start = tokenizer.control_id(kImStart), end = tokenizer.control_id(kImEnd);
  const auto num_ids = static_cast<int64_t>(ids.size());
  const auto id_at = [ids](int64_t i) { return ids[static_cast<size_t>(i)]; };
  std::vector<TokenRange> answers;
  for (int64_t i = 0; i < num_ids; ++i) {
    if (id_at(i) != start) continue;
    // Read as text, since tokenizers of other make may cut the header otherwise than encode("assistant\n").
    std::string header;
    int64_t begin = i + 1;
    while (begin < num_ids && header.find('\n') == std::string::npos && id_at(begin) != end)
      header += tokenizer.token_bytes(static_cast<TokenId>(id_at(begin++)));
    if (header.substr(0, header.find('\n') + 1) != kAnswerHeader || begin == num_ids) continue;
    i = begin;
    while (i < num_ids && id_at(i) != end) ++i;
    answers.push_back({begin, std::min(i + 1, num_ids)});
  }
  return answers;
}

std::string chat_template_jinja() {
  return "{{- bos_token }}"
         "{%- for message in messages %}"
         "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
         "{%- endfor %}"
         "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";
}

}  // namespace ktlm::tokenizer
