// The forms in which dialogues are published as JSON objects:
//
//   {"messages": [{"role": "user", "content": "..."}, ...]}                  OpenAI's, and ours
//   {"conversations": [{"from": "human", "value": "..."}, ...], "system"}    ShareGPT's
//   {"instruction": "...", "input": "...", "output": "...", "system", "history": [["...", "..."], ...]}     Alpaca's
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ktlm/core/json.h"
#include "ktlm/corpus/document.h"

namespace ktlm::corpus {

enum class DialogueForm { kNone, kMessages, kConversations, kInstruction };

/// In which form `object` is a dialogue, by its keys alone.
DialogueForm dialogue_form(const Json& object);

/// The dialogue's messages, normalised, behind those in `out`; or why it is none, such as "message 2: content is
/// empty".
std::string read_dialogue(const Json& object, DialogueForm form, std::vector<ChatMessage>& out);

/// What a dialogue is as a text: the contents of its messages, a line each.
std::string dialogue_text(std::span<const ChatMessage> messages);

}  // namespace ktlm::corpus
