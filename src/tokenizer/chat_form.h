// The forms of dialogue that ktlm can write. A chat template is a Jinja program, which is not run here but recognised
// by the markers that its form has alone.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ktlm/corpus/document.h"

namespace ktlm::tokenizer {

enum class ChatForm {
  kChatMl,  // <|im_start|>user\n...<|im_end|>\n<|im_start|>assistant\n
  kZephyr,  // <|user|>\n...</s>\n<|assistant|>\n: Zephyr, TinyLlama
  kLlama2,  // <s>[INST] ... [/INST] ... </s>
};

struct ChatTemplate {
  ChatForm form = ChatForm::kChatMl;
  bool begins_with_bos = true;
  bool trims_content = false;  // white space around a message
};

/// What a part of a dialogue is to the tokenizer: a marker is a control token where the vocabulary has it.
struct ChatPart {
  std::string text;
  bool is_marker = false;
};

/// Of a template in Jinja. Throws Error, opening with `where`, that names a form which ktlm does not write.
ChatTemplate recognise_chat_template(const std::string& jinja, const std::string& where);

/// The dialogue, or a part of one, in order, without a BOS in front of ChatML's and Zephyr's. `bos` and `eos` are the
/// pieces' names. With `open_answer` it ends where the answer of the model begins.
std::vector<ChatPart> write_dialogue(const ChatTemplate& chat, std::span<const corpus::ChatMessage> messages,
                                     bool open_answer, const std::string& bos, const std::string& eos);

}  // namespace ktlm::tokenizer
