// ChatML (OpenAI 2023): each message stands between markers that are control tokens,
//
//   <s><|im_start|>user\n안녕?<|im_end|>\n<|im_start|>assistant\n반가워요.<|im_end|>\n
//
// The same template, in Jinja, is written into tokenizer_config.json for transformers and llama.cpp. A tokenizer of
// other make may bring another one, of which Zephyr's and Llama 2's forms are known as well
// (src/tokenizer/chat_form.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ktlm/corpus/document.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::tokenizer {

/// Token ids of a dialogue by the tokenizer's chat template, as transformers' apply_chat_template gives them, but that
/// names of special tokens in a message are text. With `open_answer` it ends where the model is to go on
/// ("<|im_start|>assistant\n"). Throws Error where there is no template, or one of another form.
std::vector<TokenId> encode_chat(const Tokenizer& tokenizer, std::span<const corpus::ChatMessage> messages,
                                 bool open_answer);

/// One message's ids, in ChatML from <|im_start|> to the newline behind <|im_end|>.
std::vector<TokenId> encode_message(const Tokenizer& tokenizer, const corpus::ChatMessage& message);

struct TokenRange {
  int64_t begin, end;  // ids begin .. end - 1
};

/// The answers in ids that encode_chat gave, or a beginning of them: of each message of the assistant what stands
/// behind "assistant\n", with the <|im_end|> that ends it, which the model must learn to give. None in ids without
/// markers.
std::vector<TokenRange> find_answers(const Tokenizer& tokenizer, std::span<const int64_t> ids);

/// The template in Jinja, as tokenizer_config.json holds it.
std::string chat_template_jinja();

}  // namespace ktlm::tokenizer
