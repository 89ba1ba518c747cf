#include "ktlm/tokenizer/chat_template.h"

#include <algorithm>
#include <string_view>

#include "chat_form.h"
#include "ktlm/core/error.h"

namespace ktlm::tokenizer {
namespace {

constexpr std::string_view kAnswerHeader = "assistant\n";

// A tokenizer without a template is ktlm's own, or has been given ChatML's markers as ktlm's have.
ChatTemplate template_of(const Tokenizer& tokenizer) {
  const std::string where = tokenizer.directory().string();
  if (!tokenizer.chat_template().empty()) return recognise_chat_template(tokenizer.chat_template(), where);
  if (tokenizer.control_id(kImStart) < 0 || tokenizer.control_id(kImEnd) < 0)
    throw Error(where + ": the tokenizer has neither a chat template nor chat markers <|im_start|> and <|im_end|>; " +
                "chat needs a model that was trained on dialogues");
  return {};
}

std::string name_of(const Tokenizer& tokenizer, TokenId id) { return id < 0 ? "" : tokenizer.piece(id); }

std::vector<ChatPart> parts_of(const Tokenizer& tokenizer, const ChatTemplate& chat,
                               std::span<const corpus::ChatMessage> messages, bool open_answer) {
  return write_dialogue(chat, messages, open_answer, name_of(tokenizer, tokenizer.bos_id()),
                        name_of(tokenizer, tokenizer.eos_id()));
}

// Text between two control tokens is encoded in one piece, whatever it was put together from.
void append(const Tokenizer& tokenizer, std::span<const ChatPart> parts, std::vector<TokenId>& ids) {
  std::string text;
  const auto flush = [&] {
    const auto more = ids.empty() ? tokenizer.encode(text) : tokenizer.encode_behind_control(text);
    ids.insert(ids.end(), more.begin(), more.end());
    text.clear();
  };
  for (const ChatPart& part : parts) {
    const TokenId id = part.is_marker ? tokenizer.control_id(part.text) : -1;
    if (id < 0) {
      text += part.text;
      continue;
    }
    flush();
    ids.push_back(id);
  }
  flush();
}

}  // namespace

std::vector<TokenId> encode_message(const Tokenizer& tokenizer, const corpus::ChatMessage& message) {
  std::vector<TokenId> ids;
  append(tokenizer, parts_of(tokenizer, template_of(tokenizer), {&message, 1}, false), ids);
  return ids;
}

std::vector<TokenId> encode_chat(const Tokenizer& tokenizer, std::span<const corpus::ChatMessage> messages,
                                 bool open_answer) {
  const ChatTemplate chat = template_of(tokenizer);
  std::vector<TokenId> ids;
  if (chat.begins_with_bos && chat.form != ChatForm::kLlama2 && tokenizer.bos_id() >= 0) ids = {tokenizer.bos_id()};
  append(tokenizer, parts_of(tokenizer, chat, messages, open_answer), ids);
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
    if (header.starts_with(' ')) header.erase(0, 1);  // of those that put one in front of each part
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
