// ChatML (OpenAI 2023): each message stands between markers that are control tokens,
//
//   <s><|im_start|>user\n안녕?<|im_end|>\n<|im_start|>assistant\n반가워요.<|im_end|>\n
//
// The same template, in Jinja, is written into tokenizer_config.json for transformers and llama.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ktlm/corpus/document.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::tokenizer {

/// Token ids of a dialogue, from BOS on. With `open_answer` it ends in "<|im_start|>assistant\n" for the model to go
/// on. Throws Error where the tokenizer has no ChatML markers.
std::vector<TokenId> encode_chat(const Tokenizer& tokenizer, std::span<const corpus::ChatMessage> messages,
                                 bool open_answer);

/// One message's ids, from <|im_start|> to the newline behind <|im_end|>.
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
