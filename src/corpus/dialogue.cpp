#include "ktlm/corpus/dialogue.h"

#include <array>
#include <string_view>
#include <utility>

#include "extract.h"
#include "ktlm/text/normalize.h"

namespace ktlm::corpus {

namespace {

// How a list of messages names its parts.
struct MessageKeys {
  const char *role, *content, *roles;  // the last for error messages
};
constexpr MessageKeys kOpenAi = {"role", "content", "system, user or assistant"};
constexpr MessageKeys kShareGpt = {"from", "value", "system, human or gpt"};

constexpr std::array<std::pair<std::string_view, const char*>, 6> kRoles = {{{"system", "system"},
                                                                             {"user", "user"},
                                                                             {"assistant", "assistant"},
                                                                             {"human", "user"},
                                                                             {"gpt", "assistant"},
                                                                             {"chatgpt", "assistant"}}};

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_number_integer() ? found->dump() : std::string();
}

// Ours for a published name of a role; "" for others, such as those of tools.
std::string role_named(std::string_view name, const MessageKeys& keys) {
  for (const auto& [published, ours] : kRoles)
    if (name == published && (name == ours || keys.role != kOpenAi.role)) return ours;
  return {};
}

// False where nothing is left of the content.
bool add_message(const char* role, const std::string& content, std::vector<ChatMessage>& out) {
  ChatMessage message{role, trimmed(text::normalize(content))};
  if (message.content.empty()) return false;
  out.push_back(std::move(message));
  return true;
}

std::string message_name(const std::vector<ChatMessage>& before) {
  return "message " + std::to_string(before.size() + 1);
}

bool is_list_of_objects(const Json& list) { return list.is_array() && !list.empty() && list.front().is_object(); }

std::string read_list(const Json& list, const char* name, std::vector<ChatMessage>& out) {
  if (!list.is_array() || list.empty())
    return "\"" + std::string(name) + R"(" should be a list of {"role", "content"})";
  for (const Json& message : list) {
    const bool is_share_gpt = message.contains(kShareGpt.role) && !message.contains(kOpenAi.role);
    const MessageKeys& keys = is_share_gpt ? kShareGpt : kOpenAi;
    const std::string published = text_of(message, keys.role), role = role_named(published, keys);
    if (role.empty()) return message_name(out) + ": " + keys.role + " is \"" + published + "\", expected " + keys.roles;
    if (!add_message(role.c_str(), text_of(message, keys.content), out))
      return message_name(out) + ": " + keys.content + " is empty";
  }
  return {};
}

std::string read_instruction(const Json& object, std::vector<ChatMessage>& out) {
  if (const auto history = object.find("history"); history != object.end() && history->is_array()) {
    for (const Json& turn : *history) {
      const bool is_turn = turn.is_array() && turn.size() == 2 && turn[0].is_string() && turn[1].is_string();
      if (!is_turn) return R"("history" should be a list of ["question", "answer"])";
      if (!add_message("user", turn[0].get<std::string>(), out) ||
          !add_message("assistant", turn[1].get<std::string>(), out))
        return message_name(out) + ": is empty, of \"history\"";
    }
  }
  const std::string input = trimmed(text_of(object, "input"));
  if (!add_message("user", text_of(object, "instruction") + (input.empty() ? "" : "\n" + input), out))
    return "\"instruction\" is empty";
  if (!add_message("assistant", text_of(object, "output"), out)) return "\"output\" is empty";
  return {};
}

}  // namespace

DialogueForm dialogue_form(const Json& object) {
  if (object.contains("messages")) return DialogueForm::kMessages;
  const auto conversations = object.find("conversations");
  if (conversations != object.end() && is_list_of_objects(*conversations)) return DialogueForm::kConversations;
  const auto is_text = [&](const char* key) { return object.contains(key) && object.at(key).is_string(); };
  return is_text("instruction") && is_text("output") ? DialogueForm::kInstruction : DialogueForm::kNone;
}

std::string read_dialogue(const Json& object, DialogueForm form, std::vector<ChatMessage>& out) {
  if (form == DialogueForm::kMessages) return read_list(object.at("messages"), "messages", out);
  add_message("system", text_of(object, "system"), out);
  if (form == DialogueForm::kConversations) return read_list(object.at("conversations"), "conversations", out);
  return read_instruction(object, out);
}

std::string dialogue_text(std::span<const ChatMessage> messages) {
  std::string text;
  for (const ChatMessage& message : messages) text += (text.empty() ? "" : "\n") + message.content;
  return text;
}

}  // namespace ktlm::corpus
