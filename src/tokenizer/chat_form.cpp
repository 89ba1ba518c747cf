#include "chat_form.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::tokenizer {
namespace {

using corpus::ChatMessage;

// Forms that are known by name only. The first one whose mark stands in the template is it.
constexpr std::array<std::pair<std::string_view, const char*>, 5> kOtherForms = {{
    {"<|start_header_id|>", "Llama 3's"},
    {"<start_of_turn>", "Gemma's"},
    {"[gMASK]", "GLM's"},
    {"[INST]", "Mistral's"},
    {"### ", "Alpaca's or a like one"},
}};

std::string name_of_other(std::string_view jinja) {
  for (const auto& [mark, name] : kOtherForms)
    if (jinja.find(mark) != std::string_view::npos) return name;
  constexpr size_t kQuotedBytes = 40;
  std::string quoted(jinja.substr(0, kQuotedBytes));
  std::ranges::replace(quoted, '\n', ' ');
  return "none that ktlm knows (" + quoted + (jinja.size() > kQuotedBytes ? "...)" : ")");
}

std::string trimmed(const std::string& text) {
  constexpr const char* kWhiteSpace = " \t\n\r\v\f";
  const size_t begin = text.find_first_not_of(kWhiteSpace);
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(kWhiteSpace) + 1 - begin);
}

std::string content_of(const ChatTemplate& chat, const std::string& text) {
  return chat.trims_content ? trimmed(text) : text;
}

void write_chatml(const ChatTemplate& chat, const ChatMessage& message, std::vector<ChatPart>& parts) {
  parts.push_back({std::string(kImStart), true});
  parts.push_back({message.role + "\n" + content_of(chat, message.content)});
  parts.push_back({std::string(kImEnd), true});
  parts.push_back({"\n"});
}

void write_zephyr(const ChatTemplate& chat, const ChatMessage& message, const std::string& eos,
                  std::vector<ChatPart>& parts) {
  parts.push_back({"<|" + message.role + "|>", true});
  parts.push_back({"\n" + content_of(chat, message.content)});
  parts.push_back({eos, true});
  parts.push_back({"\n"});
}

// The system message stands in the first question; always trimmed.
void write_llama2(const ChatMessage& message, const std::string& system, const std::string& bos, const std::string& eos,
                  std::vector<ChatPart>& parts) {
  if (message.role == "user") {
    const std::string first = system.empty() ? "" : "<<SYS>>\n" + system + "\n<</SYS>>\n\n";
    parts.push_back({bos, true});
    parts.push_back({"[INST] " + trimmed(first + message.content) + " [/INST]"});
  } else {
    parts.push_back({" " + trimmed(message.content) + " "});
    parts.push_back({eos, true});
  }
}

}  // namespace

ChatTemplate recognise_chat_template(const std::string& jinja, const std::string& where) {
  const auto has = [&](std::string_view text) { return jinja.find(text) != std::string::npos; };
  ChatTemplate chat;
  if (has(kImStart) && has(kImEnd)) {
    chat.form = ChatForm::kChatMl;
  } else if (has("<|user|>") && has("<|assistant|>") && has("eos_token") && !has("<|end|>")) {
    chat.form = ChatForm::kZephyr;
  } else if (has("[INST]") && has("<<SYS>>")) {
    chat.form = ChatForm::kLlama2;
  } else {
    throw Error(where + ": its chat template is " + name_of_other(jinja) +
                "; ktlm chat writes ChatML, Zephyr's and Llama 2's (ktlm generate takes any text)");
  }
  chat.begins_with_bos = has("bos_token");
  chat.trims_content = has("trim") || has(".strip()");
  return chat;
}

std::vector<ChatPart> write_dialogue(const ChatTemplate& chat, std::span<const ChatMessage> messages, bool open_answer,
                                     const std::string& bos, const std::string& eos) {
  std::vector<ChatPart> parts;
  std::string system;
  for (const ChatMessage& message : messages) {
    switch (chat.form) {
      case ChatForm::kChatMl:
        write_chatml(chat, message, parts);
        break;
      case ChatForm::kZephyr:
        write_zephyr(chat, message, eos, parts);
        break;
      case ChatForm::kLlama2:
        if (message.role == "system") {
          system = message.content;
        } else {
          write_llama2(message, std::exchange(system, ""), bos, eos, parts);
        }
        break;
    }
  }
  if (open_answer && chat.form == ChatForm::kChatMl) {
    parts.push_back({std::string(kImStart), true});
    parts.push_back({"assistant\n"});
  } else if (open_answer && chat.form == ChatForm::kZephyr) {
    parts.push_back({"<|assistant|>", true});
    parts.push_back({"\n"});
  }
  return parts;
}

}  // namespace ktlm::tokenizer
