// What Hugging Face's files say of a tokenizer.model that ktlm did not make: the tokens added to it, which of them
// begin and end a text, where a space is put in front, and the chat template.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::tokenizer {

/// A token beside SentencePiece's pieces, or one that takes a piece's place.
struct AddedToken {
  TokenId id = -1;
  std::string text;
  bool is_special = false;                         // a control token; else text that is always cut out as this token
  bool strips_left = false, strips_right = false;  // the white space beside it belongs to it
};

struct ForeignSettings {
  std::vector<AddedToken> added_tokens;      // ascending ids
  std::optional<std::string> bos, eos, pad;  // what the files say; "" for none
  std::optional<bool> begins_with_bos;       // where the files say so; else every text does
  std::optional<bool> adds_prefix_space;     // where the files say so; else as tokenizer.model does
  bool prefixes_each_part = false;           // also behind a special token, as transformers' "legacy" way
  bool spares_leading_space = false;         // but not a text that begins with a space: tokenizer.json's way
};

/// Of a model or tokenizer directory; defaults where files are absent. Throws Error: not JSON, keys of another type,
/// ids that can't be.
ForeignSettings read_foreign_settings(const std::filesystem::path& directory);

/// The chat template in Jinja: chat_template.jinja, or what tokenizer_config.json holds; "" where there is none.
std::string read_chat_template(const std::filesystem::path& directory);

}  // namespace ktlm::tokenizer
